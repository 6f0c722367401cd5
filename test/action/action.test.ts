/**
 * `action.yml`: its shell steps run as a runner runs them, with the command of this repository, on
 * an image of the tests; then a client believes what was signed, and nothing else.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { openReferenceValues } from '../../src/reference/index.ts'
import { type CorimSigner, createCorimSigner } from '../attester/corim.ts'
import { makeEif, pcrsOf, soundSections } from '../attester/eif.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../..', import.meta.url))

interface Step {
  readonly id: string
  readonly if?: string
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  readonly run?: string
  readonly uses?: string
  readonly with?: Readonly<Record<string, string>>
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>
  readonly outputs: Readonly<Record<string, { readonly value: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}

const pem = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n')
}

let action: Action
let folder: string
let signer: CorimSigner
let inputs: Record<string, string>
const program = join(repository, `test/.output/veritee-action-${process.pid}.mjs`)

beforeAll(async () => {
  action = parse(await readFile(join(repository, 'action.yml'), 'utf8')) as Action
  folder = await makeFolder()
  signer = await createCorimSigner()
  inputs = {
    image: 'app.eif',
    product: 'example.com/app',
    version: '7',
    name: 'build; echo "$(id)" `id`',
    key: pem('PRIVATE KEY', new Uint8Array(await crypto.subtle.exportKey('pkcs8', signer.key.privateKey))),
    certificate: pem('CERTIFICATE', signer.certificate),
    chain: pem('CERTIFICATE', signer.authority),
  }
  // Two folders below the top, where the command looks for package.json.
  await mkdir(join(folder, 'bin'))
  await build({
    entryPoints: [join(repository, 'src/cli/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  await writeFile(join(folder, 'bin/veritee'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  await chmod(join(folder, 'bin/veritee'), 0o755)
  await writeFile(join(folder, 'bin/npm'), '#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/npm"\n')
  await chmod(join(folder, 'bin/npm'), 0o755)
})
afterAll(async () => {
  await Promise.all([removeFolder(folder), rm(program, { force: true })])
})

interface Run {
  readonly work: string
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly left: readonly string[]
}

/** Runs one step as a runner does: inputs by their expressions, in a work folder with the image. */
async function runStep(id: string, given: Readonly<Record<string, string>>, image?: Uint8Array): Promise<Run> {
  const step = action.runs.steps.find((each) => each.id === id)
  const work = await mkdtemp(join(folder, 'work-'))
  const temporary = join(work, 'temporary')
  await mkdir(temporary)
  if (image !== undefined) await writeFile(join(work, 'app.eif'), image)
  const contexts: Record<string, string> = { 'github.action_path': repository, 'github.sha': 'c0ffee' }
  for (const [name, { default: value }] of Object.entries(action.inputs))
    contexts[`inputs.${name}`] = given[name] ?? resolve(value ?? '', contexts)
  const own = Object.entries(step?.env ?? {}).map(([name, text]) => [name, resolve(text, contexts)] as const)
  const [output, summary, path] = ['output', 'summary', 'path'].map((name) => join(work, `.${name}`))
  const env = {
    ...process.env,
    ...Object.fromEntries(own),
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    TMPDIR: temporary,
    RUNNER_TEMP: work,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_PATH: path,
  }
  const file = join(work, 'step.sh')
  await writeFile(file, step?.run ?? '')
  await run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], { cwd: work, env }).catch((error: unknown) => {
    throw Object.assign(error as Error, { work })
  })
  const text = await readFile(output ?? '', 'utf8').catch(() => '')
  return {
    work,
    outputs: Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.split('=', 2) as [string, string]),
    ),
    summary: await readFile(summary ?? '', 'utf8').catch(() => ''),
    left: await readdir(temporary),
  }
}

function resolve(text: string, contexts: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => {
    const value = contexts[name]
    if (value === undefined) throw new Error(`the runner has no ${name}`)
    return value
  })
}

describe('action.yml', () => {
  test('is composite; inputs reach commands by the environment alone; the upload is pinned', () => {
    expect(action.runs.using).toBe('composite')
    expect(action.runs.steps.map(({ id }) => id)).toEqual(['install', 'sign', 'upload'])
    for (const { run: command, shell } of action.runs.steps.filter((step) => step.run !== undefined)) {
      expect(command).not.toContain('${{')
      expect(shell).toBe('bash')
    }
    const upload = action.runs.steps.find(({ id }) => id === 'upload')
    expect(upload?.uses).toMatch(/^actions\/upload-artifact@[0-9a-f]{40}$/)
    expect(upload?.with?.path).toContain('${{ steps.sign.outputs.corim }}')
    const required = Object.entries(action.inputs).filter(([, input]) => input.required)
    expect(required.map(([name]) => name)).toEqual(['image', 'product', 'version', 'key', 'certificate'])
  })

  test('installs the version that it is, and runs no script of it', async () => {
    const { work } = await runStep('install', inputs)
    const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string }
    const asked = (await readFile(join(work, 'npm'), 'utf8')).trim().split('\n')
    expect(asked).toContain('--ignore-scripts')
    expect(asked.at(-1)).toBe(`veritee@${version}`)
    expect(await readFile(join(work, '.path'), 'utf8')).toBe(`${work}/veritee/bin\n`)
  })

  test('measures and signs: a client believes the file, and finds the registers of the image in it', async () => {
    const { work, outputs, summary, left } = await runStep('sign', inputs, makeEif({ sections: soundSections }))
    expect(outputs).toEqual({ corim: 'app.corim', measurements: 'app.corim.measurements.json' })
    const pcrs = await pcrsOf(soundSections)
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    const { referenceValues, version } = await openReferenceValues(
      new Uint8Array(await readFile(join(work, 'app.corim'))),
      { environment: 'nitro', product: 'example.com/app', trustAnchors: [signer.ca], minimumVersion: 7 },
    )
    expect(version).toBe(7)
    expect(referenceValues).toHaveLength(1)
    // The name is text, whatever a shell would make of it.
    expect(referenceValues[0]).toMatchObject({ name: inputs.name })
    const { Measurements } = JSON.parse(await readFile(join(work, 'app.corim.measurements.json'), 'utf8')) as {
      Measurements: Record<string, string>
    }
    for (const name of ['PCR0', 'PCR1', 'PCR2'] as const) expect(Measurements[name]).toBe(hex(pcrs[name]))
    expect(summary).toContain(hex(pcrs.PCR0))
    // The key is gone, and was in nothing that stays.
    expect(left).toEqual([])
    expect(JSON.stringify([outputs, summary])).not.toContain('PRIVATE')
  })

  test.each<[string, Record<string, string>, Uint8Array | undefined, RegExp]>([
    ['an image that is none', {}, new Uint8Array(64), /veritee/],
    ['no image', {}, undefined, /app\.eif/],
    ['a key that is not that of the certificate', { key: 'another' }, makeEif({ sections: soundSections }), /key/],
    ['a version that is no number', { version: '1.2.3' }, makeEif({ sections: soundSections }), /version/],
  ])('%s: the step fails and leaves no signed file and no key', async (_, change, image, message) => {
    const { key } = change
    const other = key === 'another' ? (await createCorimSigner()).key.privateKey : undefined
    const wrong = other && { key: pem('PRIVATE KEY', new Uint8Array(await crypto.subtle.exportKey('pkcs8', other))) }
    const failed = await runStep('sign', { ...inputs, ...change, ...wrong }, image).then(
      () => undefined,
      (error: unknown) => error as { stderr: string; work: string },
    )
    expect(failed?.stderr).toMatch(message)
    const files = await readdir(failed?.work ?? '')
    expect(files).not.toContain('app.corim')
    expect(await readdir(join(failed?.work ?? '', 'temporary'))).toEqual([])
  })
})
