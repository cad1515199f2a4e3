// @orbit/jsonapi against the bookshop at process.argv[2], in single requests and in an atomic batch: prints what
// arrived in the client, as JSON.  Orbit names its records itself; a key map knows the ids that the server gave.
import {
  JSONAPIResourceIdentitySerializer, JSONAPIResourceSerializer, JSONAPISerializers, JSONAPISource, buildJSONAPISerializerFor
} from '@orbit/jsonapi'
import { RecordKeyMap, RecordSchema } from '@orbit/records'
import { buildSerializerClassFor, buildSerializerSettingsFor } from '@orbit/serializers'

const ATOMIC = 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'
const text = { type: 'string' }
const keys = { remoteId: {} }
const schema = new RecordSchema({
  models: {
    publishers: { keys, attributes: { name: text } },
    tags: { keys, attributes: { name: text } },
    books: {
      keys,
      attributes: { title: text, price: text },
      relationships: { publisher: { kind: 'hasOne', type: 'publishers' }, tags: { kind: 'hasMany', type: 'tags' } }
    }
  }
})
const keyMap = new RecordKeyMap()

// A record that the server has not seen yet is named by a local id, wherever an id may stand.
const withLid = (Serializer) => class extends Serializer {
  serialize (record) {
    const resource = super.serialize(record)
    return resource.id === undefined ? { ...resource, lid: record.id } : resource
  }
}

const serializers = {
  schema,
  keyMap,
  serializerClassFor: buildSerializerClassFor({
    [JSONAPISerializers.ResourceIdentity]: withLid(JSONAPIResourceIdentitySerializer),
    [JSONAPISerializers.Resource]: withLid(JSONAPIResourceSerializer)
  }),
  serializerSettingsFor: buildSerializerSettingsFor({
    settingsByType: { [JSONAPISerializers.ResourceTypePath]: { serializationOptions: { inflectors: [] } } }
  })
}
const source = new JSONAPISource({ ...serializers, name: 'bookshop', host: process.argv[2] })
const serializerFor = buildJSONAPISerializerFor(serializers)

const known = (type, remoteId) => {
  const id = keyMap.keyToId(type, 'remoteId', remoteId) ?? schema.generateId(type)
  keyMap.pushRecord({ type, id, keys: { remoteId } })
  return { type, id }
}
const remote = ({ type, id }) => keyMap.idToKey(type, 'remoteId', id)
const fresh = (type, attributes, relationships) => ({ type, id: schema.generateId(type), attributes, relationships })
const out = {}

// ---------------------------------------------------------------- single requests

const dearest = (page) => source.query(
  (q) => q.findRecords('books').sort('-price').page(page), { filter: { publisher: '1' }, include: ['publisher', 'tags'] }
)
const list = await dearest({ offset: 0, limit: 2 })
out.prices = list.map((one) => one.attributes.price)
out.publishers = list.map((one) => remote(one.relationships.publisher.data))
out.tags = list.map((one) => one.relationships.tags.data.length)
out.next = (await dearest({ offset: 2, limit: 2 })).map((one) => one.attributes.price)

const book = await source.update((t) => t.addRecord(fresh('books', { title: 'From Orbit', price: '12.50' }, {
  publisher: { data: known('publishers', '2') }, tags: { data: [known('tags', '3')] }
})))
const { type, id } = book
const same = { type, id }
const tags = async () => (await source.query((q) => q.findRelatedRecords(same, 'tags'))).map(remote)
out.created = remote(book)
await source.update((t) => t.updateRecord({ ...same, attributes: { title: 'Changed by Orbit' } }))
out.updated = (await source.query((q) => q.findRecord(same))).attributes.title
await source.update((t) => [t.addToRelatedRecords(same, 'tags', known('tags', '4')), t.addToRelatedRecords(same, 'tags', known('tags', '5'))])
out.added = await tags()
await source.update((t) => t.removeFromRelatedRecords(same, 'tags', known('tags', '3')))
out.removed = await tags()
await source.update((t) => t.replaceRelatedRecords(same, 'tags', [known('tags', '6')]))
out.replaced = await tags()
await source.update((t) => t.replaceRelatedRecord(same, 'publisher', known('publishers', '1')))
out.publisher = remote(await source.query((q) => q.findRelatedRecord(same, 'publisher')))
await source.update((t) => t.replaceRelatedRecord(same, 'publisher', null))
out.cleared = await source.query((q) => q.findRelatedRecord(same, 'publisher'))
const passing = await source.update((t) => t.addRecord(fresh('tags', { name: 'passing' })))
await source.update((t) => t.removeRecord(passing))
out.gone = await source.query((q) => q.findRecord(passing), { raiseNotFoundExceptions: true }).catch((error) => error.message)

// ---------------------------------------------------------------- an atomic batch

async function atomic (...operations) {
  const document = { 'atomic:operations': operations.map((one) => serializerFor(JSONAPISerializers.ResourceAtomicOperation).serialize(one)) }
  const headers = { Accept: ATOMIC, 'Content-Type': ATOMIC }
  const answer = await source.requestProcessor.fetch(`${process.argv[2]}/operations`, { method: 'POST', headers, json: document })
  return answer.document['atomic:results'].map((one) => one.data && serializerFor(JSONAPISerializers.Resource).deserialize(one.data))
}

const tag = fresh('tags', { name: 'made by Orbit' })
const second = fresh('books', { title: 'In a batch', price: '5.00' }, { tags: { data: [tag] } })
const t = source.transformBuilder
const results = await atomic(
  t.addRecord(tag).toOperation(),
  t.addRecord(second).toOperation(),
  t.updateRecord({ type: 'books', id: second.id, attributes: { title: 'Changed in a batch' } }).toOperation(),
  t.addToRelatedRecords(second, 'tags', known('tags', '7')).toOperation(),
  t.addToRelatedRecords(second, 'tags', known('tags', '8')).toOperation(),
  t.removeFromRelatedRecords(second, 'tags', known('tags', '8')).toOperation(),
  t.replaceRelatedRecord(second, 'publisher', known('publishers', '1')).toOperation(),
  t.replaceRelatedRecords(same, 'tags', [tag]).toOperation(),
  t.removeRecord(known('tags', '38')).toOperation()
)
out.results = results.map((one) => one && [one.type, remote(one), one.attributes.name ?? one.attributes.title])
out.failed = await atomic(
  t.addRecord(fresh('tags', { name: 'never' })).toOperation(), t.addRecord(fresh('tags', { name: 'classic' })).toOperation()
).catch((error) => error.response.status)
console.log(JSON.stringify(out))
