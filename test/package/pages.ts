/**
 * Pages that load the single files in every way that the README shows. Each posts to `/report` what
 * it found, and what its policy blocked.
 */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programFor } from './asking.ts'
import type { Enclave } from './enclave.ts'

/** A hash that no file has. */
const wrong = `sha384-${'A'.repeat(64)}`

/**
 * Writes the pages beside the single files.
 * @param site the folder that `enclave` serves, with everything of `dist` in it
 * @param integrity hashes by file name
 * @param policies takes the policies of pages that need one of their own, by path
 */
export async function writePages(
  site: string,
  enclave: Enclave,
  integrity: Readonly<Record<string, string>>,
  policies: Map<string, string>,
): Promise<void> {
  const files: Record<string, string> = {
    'watch.js': `globalThis.blocked = []
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  if (!blockedURI.endsWith('/favicon.ico')) blocked.push(effectiveDirective)
})
globalThis.tell = (report) => fetch('/report', { method: 'POST', body: JSON.stringify({ ...report, blocked }) })
`,
    'tags.html': page(
      tag('veritee.inspect.min.js', wrong),
      '<script src="before.js"></script>',
      tag('veritee.nitro.min.js', integrity['veritee.nitro.min.js']),
      '<script src="between.js"></script>',
      tag('veritee.nitro-tpm.min.js', integrity['veritee.nitro-tpm.min.js']),
      tag('veritee.inspect.min.js', integrity['veritee.inspect.min.js']),
      tag('veritee.reference.min.js', integrity['veritee.reference.min.js']),
      '<script type="module" src="tags.js"></script>',
    ),
    'before.js': 'globalThis.before = Object.keys(globalThis.veritee ?? {})',
    'between.js':
      'globalThis.first = { library: veritee, verify: veritee.verifyNitro, error: veritee.AttestationError }',
    'global.js': 'export const { AttestationError, verifyNitro } = globalThis.veritee',
    'tags.js': `${programFor('./global.js', enclave)}
const { library, verify, error } = first
const missing = await veritee.verifyNitroTpm(new Uint8Array([1]), { referenceValues: { PCR4: '${'ab'.repeat(48)}' }, freshness: veritee.skipFreshness })
  .catch((reason) => [reason instanceof veritee.VerificationError, reason instanceof veritee.AppraisalError, reason instanceof veritee.AttestationError])
const kinds = await veritee.verifyNitro(new Uint8Array([1]), { referenceValues: { PCR0: '${'ab'.repeat(48)}' }, freshness: veritee.skipFreshness })
  .catch((reason) => [reason instanceof veritee.VerificationError, reason instanceof veritee.AppraisalError, ({}) instanceof veritee.AttestationError])
const same = veritee === library && veritee.verifyNitro === verify && veritee.AttestationError === error
await tell({ before, same, missing, kinds, describes: typeof veritee.describeCertificate, seen: await use() })
`,
    'module.html': page('<script type="module" src="module.js"></script>'),
    'module.js': `${programFor('./veritee.nitro.min.mjs', enclave)}
const noticed = [...blocked]
document.head.append(Object.assign(document.createElement('style'), { textContent: 'html { color: red }' }))
// Events come late; this one shows that a violation would have been noticed.
while (blocked.length === noticed.length) await new Promise((resolve) => addEventListener('securitypolicyviolation', resolve, { once: true }))
await tell({ seen: await use(), noticed })
`,
    'mapped.js': `${programFor('veritee/nitro', enclave)}await tell({ seen: await use() })`,
    'unmapped.js': `await tell(await import('veritee/nitro').then(() => ({ outcome: 'ran' }), ({ name }) => ({ outcome: name })))`,
  }
  for (const [name, hash, script] of [
    ['map.html', integrity['veritee.nitro.min.mjs'], 'mapped.js'],
    ['map-wrong.html', wrong, 'unmapped.js'],
  ] as const) {
    const file = '/veritee.nitro.min.mjs'
    const map = JSON.stringify({ imports: { 'veritee/nitro': file }, integrity: { [file]: hash } })
    files[name] = page(`<script type="importmap">${map}</script>`, `<script type="module" src="${script}"></script>`)
    // An import map is a script in the page, so the policy has to name it.
    const own = `'sha256-${createHash('sha256').update(map).digest('base64')}'`
    policies.set(`/${name}`, `default-src 'none'; script-src 'self' ${own}; connect-src 'self'`)
  }
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(site, name), text)))
}

/** The element is there to be mistaken for the global: it has its name. */
function page(...scripts: readonly string[]): string {
  return `<!doctype html><meta charset="utf-8"><title>veritee</title><div id="veritee"></div><script src="watch.js"></script>${scripts.join('')}`
}

function tag(file: string, hash: string | undefined): string {
  return `<script src="${file}" integrity="${hash}"></script>`
}
