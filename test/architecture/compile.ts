/**
 * What the compilers make of the sources: the options of TypeScript, and what esbuild leaves of a
 * module that nobody uses.
 */
import { join } from 'node:path'
import { build } from 'esbuild'
import ts from 'typescript'
import { root } from './source.ts'

/** Those of tsconfig.json. */
export function compilerOptions(): ts.CompilerOptions {
  const read = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '))
      },
    },
  )
  return read?.options ?? {}
}

/**
 * What is left of a module when nothing of it is used. That package.json promises no effects is not
 * believed.
 */
export async function effectsOf(text: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [
      {
        name: 'believe-nobody',
        setup({ onResolve, resolve }) {
          // What Node brings is not ours.
          onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }))
          onResolve({ filter: /^\./ }, async ({ path, resolveDir, kind, pluginData }) => {
            if (pluginData === 'asked') return undefined
            // What is loaded later does nothing now.
            if (kind === 'dynamic-import') return { path, external: true }
            return { ...(await resolve(path, { resolveDir, kind, pluginData: 'asked' })), sideEffects: true }
          })
        },
      },
    ],
  })
  return outputFiles.map((file) => file.text.trim()).join('')
}
