/**
 * `npm run runtimes`: what the tests run in besides Node and browsers (Deno, Bun, workerd), into `test/.output/runtimes`. They are four fifths of all
 * bytes and only some tests need them, so `npm ci` leaves them out. `npm test` comes here by itself. No install script runs.
 */
import { spawnSync } from 'node:child_process'
import console from 'node:console'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, URL } from 'node:url'

const wanted = fileURLToPath(new URL('runtimes', import.meta.url))
const folder = fileURLToPath(new URL('../test/.output/runtimes', import.meta.url))
/** Written last: the lock file that everything here was installed by. */
const stamp = join(folder, 'installed.json')

/** @returns whether they are there now */
export function installRuntimes() {
  const lock = readFileSync(join(wanted, 'package-lock.json'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return true
  console.log('Installing Deno, Bun and workerd for the tests, some 460 MB, once.')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(wanted, folder, { recursive: true })
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    // npm hands the project that it was started in on to its children; here it is this folder.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?!config_)/i.test(name))),
  })
  if (status !== 0) return false
  writeFileSync(stamp, lock)
  return true
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = installRuntimes() ? 0 : 1
