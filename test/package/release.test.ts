/**
 * What makes a release that can be trusted: where the package says it comes from, the workflows
 * that test and publish it (their steps are run here as far as they need no registry), and a
 * tarball that is the same bytes whoever makes it.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { copyRepository, pack, type Packed } from './packed.ts'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): Promise<string> => readFile(join(repository, path), 'utf8')

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Readonly<Record<string, string>>
        readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> }
        readonly steps: readonly Step[]
      }
    >
  >
}

const workflow = async (name: string): Promise<Workflow> =>
  parse(await read(`.github/workflows/${name}.yml`)) as Workflow
const stepsOf = ({ jobs }: Workflow): Step[] => Object.values(jobs).flatMap(({ steps }) => [...steps])

interface Manifest {
  readonly version: string
  readonly homepage: string
  readonly repository: { readonly type: string; readonly url: string }
  readonly bugs: { readonly url: string }
  readonly publishConfig: object
  readonly scripts: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
}
const manifest = async (): Promise<Manifest> => JSON.parse(await read('package.json')) as Manifest

let folder: string
let packed: Packed
beforeAll(async () => {
  folder = await makeFolder()
  packed = await pack()
})
afterAll(() => removeFolder(folder))

describe('package.json', () => {
  test('one repository, its page and its issues; publishing is with provenance', async () => {
    const { homepage, repository: origin, bugs, publishConfig } = await manifest()
    const [, address = ''] = /^git\+(https:\/\/github\.com\/[\w-]+\/[\w-]+)\.git$/.exec(origin.url) ?? []
    expect(address).not.toBe('')
    expect({ homepage, bugs }).toEqual({ homepage: `${address}#readme`, bugs: { url: `${address}/issues` } })
    expect(publishConfig).toEqual({ access: 'public', provenance: true })
    expect(await read('.github/ISSUE_TEMPLATE/config.yml')).toContain(`${address}/security/advisories/new`)
  })

  test('`npm ci` brings no runtimes, and each install script was looked at', async () => {
    const { allowScripts, packages } = {
      ...(JSON.parse(await read('package.json')) as { allowScripts: Record<string, boolean> }),
      ...(JSON.parse(await read('package-lock.json')) as { packages: Record<string, { hasInstallScript?: boolean }> }),
    }
    const scripts = Object.entries(packages).filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript)
    const names = scripts.map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect([...new Set(names)].sort()).toEqual(Object.keys(allowScripts))
    const { dependencies } = JSON.parse(await read('.config/runtimes/package.json')) as { dependencies: object }
    for (const name of Object.keys(dependencies)) expect(packages[`node_modules/${name}`]).toBeUndefined()
    expect(await read('.config/runtimes/.npmrc')).toContain('ignore-scripts=true')
  })
})

describe('workflows', () => {
  test.each(['ci', 'release'])('%s: actions by their commit, nothing granted to all jobs but reading', async (name) => {
    const text = await read(`.github/workflows/${name}.yml`)
    const own = await workflow(name)
    expect(own.permissions).toEqual({ contents: 'read' })
    const used = stepsOf(own).flatMap(({ uses }) => uses ?? [])
    expect(used.length).toBeGreaterThan(0)
    for (const action of used) expect(action).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/)
    // A comment says which version that is.
    for (const line of text.split('\n').filter((each) => each.includes('uses:')))
      expect(line).toMatch(/ # v\d+\.\d+\.\d+$/)
    // What others can write (titles, branches) is no part of a command.
    for (const { run: command = '' } of stepsOf(own)) expect(command).not.toContain('${{')
  })

  test('tests run on Node 20, 22 and 24, the oldest as package.json says', async () => {
    const { jobs } = await workflow('ci')
    expect(jobs.test?.strategy?.matrix).toEqual({ node: [20, 22, 24] })
    expect((await manifest()).engines.node).toBe('>=20')
    expect(stepsOf({ jobs } as Workflow).map((step) => step.run)).toContain('.ci/run')
  })

  test('a tag publishes: who may publish runs nothing of the repository', async () => {
    const { on, jobs } = await workflow('release')
    expect(on).toEqual({ push: { tags: ['v*'] } })
    expect(jobs.build?.permissions).toBeUndefined()
    expect(jobs.publish?.permissions).toEqual({ contents: 'write', 'id-token': 'write' })
    const uses = jobs.publish?.steps.map(({ uses: action }) => action?.replace(/@.*/, '')).filter(Boolean)
    expect(uses).toEqual(['actions/setup-node', 'actions/download-artifact'])
    const commands = jobs.publish?.steps.map((step) => step.run ?? '').join('\n')
    expect(commands).not.toMatch(/npm (?:ci|install|run)\b/)
    expect(commands).toContain('npm publish --provenance')
    expect(commands).toMatch(/jsr@\d+\.\d+\.\d+ publish/)
  })

  test('its steps make the same bytes twice, and a release with tarball, SBOM, SRI list and sums', async () => {
    const own = await workflow('release')
    const work = join(folder, 'work')
    await copyRepository(work)
    for (const path of ['package-lock.json', '.npmrc']) await cp(join(repository, path), join(work, path))
    // As `npm ci` leaves it.
    await cp(join(packed.copy, 'dist'), join(work, 'dist'), { recursive: true })
    const temporary = join(folder, 'temporary')
    await mkdir(temporary)
    const { version } = await manifest()
    const env = {
      ...process.env,
      RUNNER_TEMP: temporary,
      GITHUB_WORKSPACE: work,
      GITHUB_REF_NAME: `v${version}`,
      npm_config_cache: join(folder, 'cache'),
    }
    const bash = (command: string, cwd: string, more: object = {}): Promise<unknown> =>
      run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', command], { cwd, env: { ...env, ...more } })
    const { build, publish } = own.jobs
    const commands = (build?.steps ?? []).filter(({ name, run: command }) => command && name !== 'Install')
    expect(commands).toHaveLength(3)
    for (const { run: command = '' } of commands) await bash(command, work)
    const release = join(temporary, 'release')
    const files = (await readdir(release)).sort()
    expect(files).toEqual(['SHA256SUMS', 'integrity.json', 'jsr.tgz', 'sbom.cdx.json', `veritee-${version}.tgz`])
    // Another folder and another time zone: the same package.
    const tarball = await readFile(join(release, `veritee-${version}.tgz`))
    expect(sha256(tarball)).toBe(sha256(await readFile(packed.tarball)))
    const { components } = JSON.parse(await readFile(join(release, 'sbom.cdx.json'), 'utf8')) as {
      components: { name: string }[]
    }
    const names = components.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['@noble/hashes', 'hpke', 'pkijs']))
    expect(names).not.toContain('vitest')
    // A wrong tag, and a file that was changed on the way, end it.
    await expect(bash(commands[0]?.run ?? '', work, { GITHUB_REF_NAME: 'v9.9.9' })).rejects.toThrow()
    const check = publish?.steps.find(({ run: command }) => command?.includes('sha256sum --check'))?.run ?? ''
    await bash(check, temporary)
    await rm(join(release, 'integrity.json'))
    await expect(bash(check, temporary)).rejects.toThrow()
  })
})

describe('issue forms', () => {
  test('each asks for what is needed to answer', async () => {
    const names = (await readdir(join(repository, '.github/ISSUE_TEMPLATE'))).filter((name) => name !== 'config.yml')
    expect(names.sort()).toEqual(['bug.yml', 'format.yml', 'refused.yml'])
    for (const name of names) {
      const form = parse(await read(`.github/ISSUE_TEMPLATE/${name}`)) as {
        name: string
        description: string
        body: { type: string; id?: string; attributes: object; validations?: { required: boolean } }[]
      }
      expect(form.name.length * form.description.length).toBeGreaterThan(0)
      const fields = form.body.filter(({ type }) => type !== 'markdown')
      expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length)
      for (const { type, attributes } of form.body) {
        expect(['markdown', 'input', 'textarea', 'dropdown', 'checkboxes']).toContain(type)
        expect(attributes).toHaveProperty(type === 'markdown' ? 'value' : 'label')
      }
      expect(fields.some(({ validations }) => validations?.required)).toBe(true)
    }
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
