/**
 * `npm run demo`: the page and an enclave to ask, on this machine only.
 */
import console from 'node:console'
import process from 'node:process'
import '../test/support/ts.mjs'

const [{ buildSite }, { startDemo }] = await Promise.all([import('./site.ts'), import('./server.ts')])
const { url } = await startDemo({ site: await buildSite(), port: Number(process.env.PORT ?? 4173) })
console.log(`veritee demo: ${url}`)
