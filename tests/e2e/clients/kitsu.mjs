// kitsu against the bookshop at process.argv[2]: prints what arrived in the client, as JSON.
import Kitsu from 'kitsu'

const api = new Kitsu({ baseURL: process.argv[2], pluralize: false, camelCaseTypes: false, resourceCase: 'none' })
const ids = (answer) => answer.data.map((one) => one.id)
const ref = (type, id) => ({ type, id })
const out = {}

const list = await api.get('books', {
  params: { filter: { publisher: '1' }, sort: '-price', page: { size: 2 }, include: 'publisher,tags', fields: { publishers: 'name' } }
})
out.prices = list.data.map((one) => one.price)
out.publishers = list.data.map((one) => one.publisher.data.name)
out.tags = list.data.map((one) => one.tags.data.map((tag) => tag.name))
out.total = list.meta.total
const next = await api.get('books', { params: { filter: { publisher: '1' }, sort: '-price', page: { size: 2, number: 2 } } })
out.next = next.data.map((one) => one.price)

const created = await api.create('books', {
  type: 'books', title: 'From kitsu', price: '12.50', publisher: { data: ref('publishers', '2') }, tags: { data: [ref('tags', '3')] }
})
out.created = created.data
const id = created.data.id
const updated = await api.update('books', { type: 'books', id, title: 'Changed by kitsu' })
out.updated = updated.data.title

const links = `books/${id}/relationships`
await api.request({ method: 'PATCH', url: `${links}/publisher`, type: 'publishers', body: { id: '1' } })
out.publisher = (await api.get(`${links}/publisher`)).data.id
await api.request({ method: 'POST', url: `${links}/tags`, type: 'tags', body: [{ id: '4' }, { id: '5' }] })
out.added = ids(await api.get(`${links}/tags`))
out.related = ids(await api.get(`books/${id}/tags`))
out.error = await api.get('books', { params: { sort: 'nothing' } }).catch((error) => error.errors)

const passing = await api.create('tags', { name: 'passing' })
out.removed = await api.remove('tags', passing.data.id)
out.gone = await api.get(`tags/${passing.data.id}`).catch((error) => error.response.status)
console.log(JSON.stringify(out))
