/**
 * A network that belongs to an attacker: a proxy that answers for every name, with a certificate of
 * its own, and servers that note every byte. What of a card number can be read is heard.
 */
import 'reflect-metadata'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import * as x509 from '@peculiar/x509'

export interface Recorder {
  /** `http://localhost:PORT`: answers whatever is asked, to whichever origin. */
  readonly elsewhere: string
  /** Of the proxy, on the loopback interface. */
  readonly proxyPort: number
  /** Which card numbers were readable, as `ID-KIND`. */
  readonly heard: ReadonlySet<string>
  /** Hosts that browsers wanted a connection to. */
  readonly hosts: ReadonlySet<string>
  /**
   * Those to which a browser said anything at all inside a connection with the attacker's
   * certificate.
   */
  readonly trusting: ReadonlySet<string>
  /** Notes everything that comes over a connection. */
  readonly listen: (socket: Socket) => void
  /** Resolves when that was heard. */
  hear(name: string): Promise<void>
  close(): Promise<void>
}

export async function startRecorder(): Promise<Recorder> {
  const heard = new Set<string>()
  const hosts = new Set<string>()
  const trusting = new Set<string>()
  const waiting = new Map<string, () => void>()
  const sockets = new Set<Socket>()

  /** Reads a stream, in pieces of any size. */
  function reading(): (piece: Buffer) => void {
    let text = ''
    return (piece) => {
      text += piece.toString('latin1')
      for (const [, name = ''] of text.matchAll(/card-(\w+-[a-z]+)-4711/g)) {
        heard.add(name)
        waiting.get(name)?.()
      }
      // A card number may come in two pieces.
      text = text.slice(-100)
    }
  }
  const listen = (socket: Socket): void => {
    socket.prependListener('data', reading())
    // What became a tunnel or a WebSocket is no connection of the server's any more, and keeps it
    // from closing.
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  }

  const elsewhere = createServer((request, response) => {
    const { origin = '*', 'access-control-request-headers': asked = '' } = request.headers
    response.writeHead(200, {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': asked,
      'access-control-allow-methods': 'GET, POST',
      'cache-control': 'no-store',
      'content-type': 'text/plain',
    })
    request.resume()
    response.end('heard')
  }).on('connection', listen)
  elsewhere.on('upgrade', (_request, socket) => socket.destroy())

  const secureContext = createSecureContext(await selfSigned())
  const proxy = createServer((request, response) => {
    request.resume()
    response.end('heard')
  }).on('connection', listen)
  proxy.on('connect', (request, given) => {
    const socket = given
    hosts.add(request.url ?? '')
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    // Who trusts this certificate is heard.
    const inside = new TLSSocket(socket, { isServer: true, secureContext })
    inside.on('error', () => socket.destroy())
    inside.on('data', reading())
    inside.on('data', () => trusting.add(request.url ?? ''))
  })

  const [elsewherePort, proxyPort] = await Promise.all([portOf(elsewhere), portOf(proxy)])
  return {
    elsewhere: `http://localhost:${elsewherePort}`,
    proxyPort,
    heard,
    hosts,
    trusting,
    listen,
    hear: (name) =>
      new Promise((resolve) => {
        if (heard.has(name)) resolve()
        else waiting.set(name, resolve)
      }),
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all([elsewhere, proxy].map(end))
    },
  }
}

async function portOf(server: Server): Promise<number> {
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function end(server: Server): Promise<void> {
  const closed = new Promise((resolve) => void server.close(resolve))
  server.closeAllConnections()
  await closed
}

/** For every name under `.invalid`, by an authority that no browser knows. */
async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const names = ['payments-3f9c.invalid', '*.invalid', '*.payments-3f9c.invalid']
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=payments-3f9c.invalid',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))],
  })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return { key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, cert: certificate.toString('pem') }
}
