// devour-client against the bookshop at process.argv[2]: prints what arrived in the client, as JSON.
import JsonApi from 'devour-client'

const api = new JsonApi({ apiUrl: process.argv[2], pluralize: false, logger: false })
api.define('publishers', { name: '' })
api.define('tags', { name: '' })
api.define('books', {
  title: '',
  price: '',
  publisher: { jsonApi: 'hasOne', type: 'publishers' },
  tags: { jsonApi: 'hasMany', type: 'tags' }
})
const out = {}

const query = { filter: { publisher: '1' }, sort: '-price', page: { size: 2 }, include: 'publisher,tags' }
const list = await api.findAll('books', query)
out.prices = list.data.map((one) => one.price)
out.publishers = list.data.map((one) => one.publisher.name)
out.tags = list.data.map((one) => one.tags.map((tag) => tag.name))
out.total = list.meta.total
out.next = (await api.findAll('books', { ...query, page: { size: 2, number: 2 } })).data.map((one) => one.price)

const created = await api.create('books', {
  title: 'From devour', price: '12.50', publisher: { type: 'publishers', id: '2' }, tags: [{ type: 'tags', id: '3' }]
}, { include: 'tags' })
const id = created.data.id
out.created = created.data
out.updated = (await api.update('books', { id, title: 'Changed by devour', price: '13.00' })).data.title

const tags = () => api.one('books', id).relationships('tags')
const members = async () => (await api.one('books', id).all('tags').get()).data.map((one) => one.id)
await tags().post([{ type: 'tags', id: '4' }, { type: 'tags', id: '5' }])
out.added = await members()
await tags().destroy([{ type: 'tags', id: '3' }, { type: 'tags', id: '4' }])
out.removed = await members()
await tags().patch([{ type: 'tags', id: '6' }])
out.replaced = await members()
await api.one('books', id).relationships('publisher').patch({ type: 'publishers', id: '1' })
out.publisher = (await api.one('books', id).relationships('publisher').get()).data.id
out.error = await api.findAll('books', { sort: 'nothing' }).catch((error) => error)

const passing = await api.create('tags', { name: 'passing' })
await api.destroy('tags', passing.data.id)
out.gone = await api.find('tags', passing.data.id).catch((error) => error)
console.log(JSON.stringify(out))
