// jsona and fetch against the bookshop at process.argv[2]: prints what arrived in the client, as JSON.
import { Jsona } from 'jsona'

const root = process.argv[2]
const jsona = new Jsona()
const MEDIA_TYPE = 'application/vnd.api+json'
const out = {}

async function send (method, url, body) {
  const headers = { Accept: MEDIA_TYPE, ...(body && { 'Content-Type': MEDIA_TYPE }) }
  const answer = await fetch(url.startsWith('http') ? url : `${root}/${url}`, { method, headers, body: body && JSON.stringify(body) })
  return { status: answer.status, document: answer.status === 204 ? null : await answer.json() }
}

const write = (model, includeNames = []) => jsona.serialize({ stuff: model, includeNames })
const read = ({ document }) => jsona.deserialize(document)
const names = (models) => models.map((one) => one.name)

const list = await send('GET', 'books?filter[publisher]=1&sort=-price&page[size]=2&include=publisher,tags')
out.prices = read(list).map((one) => one.price)
out.publishers = read(list).map((one) => one.publisher.name)
out.tags = read(list).map((one) => names(one.tags))
out.total = list.document.meta.total
out.next = read(await send('GET', list.document.links.next)).map((one) => one.price)

const created = read(await send('POST', 'books?include=tags', write({
  type: 'books', title: 'From jsona', price: '12.50',
  publisher: { type: 'publishers', id: '2' }, tags: [{ type: 'tags', id: '3' }],
  relationshipNames: ['publisher', 'tags']
})))
out.created = { id: created.id, title: created.title, publisher: created.publisher.id, tags: names(created.tags) }

const change = { type: 'books', id: created.id, title: 'Changed by jsona' }
out.updated = read(await send('PATCH', created.links.self, write(change))).title
const links = `books/${created.id}/relationships`
const tags = (...ids) => ({ data: ids.map((id) => ({ type: 'tags', id })) })
const members = async () => read(await send('GET', `books/${created.id}/tags`)).map((one) => one.id)
await send('POST', `${links}/tags`, tags('4', '5'))
out.added = await members()
await send('DELETE', `${links}/tags`, tags('3', '4'))
out.removed = await members()
await send('PATCH', `${links}/tags`, tags('6'))
out.replaced = await members()
await send('PATCH', `${links}/publisher`, write({ type: 'publishers', id: '1' }))
out.publisher = read(await send('GET', `books/${created.id}/publisher`)).id

const passing = read(await send('POST', 'tags', write({ type: 'tags', name: 'passing' })))
out.deleted = (await send('DELETE', passing.links.self)).status
out.gone = (await send('GET', passing.links.self)).status
console.log(JSON.stringify(out))
