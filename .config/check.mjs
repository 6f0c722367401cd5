/**
 * `npm run check`: formatting, lint and types, side by side. Each uses one processor; what each says is printed when it ends.
 */
import { spawn } from 'node:child_process'
import console from 'node:console'
import process from 'node:process'
import { fileURLToPath, URL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const checks = [
  ['eslint', '--config', '.config/eslint.config.js', '.'],
  ['tsc', '-p', 'test/tsconfig.json'],
  ['prettier', '--check', '.'],
]

/** Runs a program of this repository; whether it found nothing wrong. */
function run([name, ...parameters]) {
  return new Promise((resolve, reject) => {
    const child = spawn(`${root}node_modules/.bin/${name}`, parameters, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = []
    child.stdout.on('data', (data) => said.push(data))
    child.stderr.on('data', (data) => said.push(data))
    child.once('error', reject)
    child.once('close', (code) => {
      console.log(`${name}: ${code === 0 ? 'nothing to say' : `ended with ${code}`}`)
      if (code !== 0) for (const data of said) process.stdout.write(data)
      resolve(code === 0)
    })
  })
}

const results = await Promise.all(checks.map(run))
process.exitCode = results.every(Boolean) ? 0 : 1
