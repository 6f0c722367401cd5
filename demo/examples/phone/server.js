// A server on Node that knows phones by their keys. It keeps them in memory: yours has a database,
// whose `delete` must tell whether there was something.
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { createService } from './service.js'

const kept = new Map()
const store = {
  get: async (name) => kept.get(name),
  put: async (name, value) => void kept.set(name, value),
  delete: async (name) => kept.delete(name),
}
const answer = createService({ store, ...(process.env.STATUS && { statusUrl: process.env.STATUS }) })

const server = createServer(async (incoming, outgoing) => {
  const { method, url } = incoming
  const body = method === 'POST' ? Readable.toWeb(incoming) : undefined
  const response = await answer(new Request(`http://localhost${url}`, { method, body, duplex: 'half' }))
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.end(await response.text())
})
server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}/`)
})
