/**
 * What the reference says of options: each that may be left out states what happens then, each that
 * may not says what it is. Read from the declarations of every entry, as an editor shows them.
 */
import ts from 'typescript'
import { expect, test } from 'vitest'
import { join } from 'node:path'
import { compilerOptions } from '../architecture/compile.ts'
import { root } from '../architecture/source.ts'
import { entriesOf } from '../bench/bundles.ts'

interface Option {
  readonly name: string
  readonly mayBeLeftOut: boolean
  readonly text: string
}

/** The members of every type that an entry exports under a name like `NitroOptions`. */
function optionsOf(sources: readonly string[]): readonly Option[] {
  const program = ts.createProgram(sources, { ...compilerOptions(), noEmit: true })
  const checker = program.getTypeChecker()
  return sources.flatMap((source) => {
    const file = program.getSourceFile(source)
    const entry = file && checker.getSymbolAtLocation(file)
    if (entry === undefined) throw new Error(`${source} exports nothing`)
    return checker
      .getExportsOfModule(entry)
      .filter(({ name }) => name.endsWith('Options'))
      .flatMap((exported) => {
        const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0
        const type = checker.getDeclaredTypeOfSymbol(isAlias ? checker.getAliasedSymbol(exported) : exported)
        return (type.isUnion() ? type.types : [type])
          .flatMap((one) => checker.getPropertiesOfType(one))
          .map((option) => ({
            name: `${exported.name}.${option.name}`,
            mayBeLeftOut: (option.flags & ts.SymbolFlags.Optional) !== 0,
            text: ts.displayPartsToString(option.getDocumentationComment(checker)),
          }))
      })
  })
}

const problemsOf = (options: readonly Option[]): string[] => [
  ...new Set(
    options
      // One for each format, whose options have their own.
      .filter(({ name }) => !name.startsWith('EvidenceOptions.'))
      .flatMap(({ name, mayBeLeftOut, text }) => {
        if (text.trim() === '') return [`${name} has no comment`]
        return mayBeLeftOut && !/\bdefault\b/i.test(text) ? [`${name} does not state its default`] : []
      }),
  ),
]

test('each option that may be left out states its default, each other says what it is', () => {
  const options = optionsOf(entriesOf().map(({ source }) => join(root, source)))
  expect(options.length).toBeGreaterThan(300)
  for (const name of ['NitroOptions.referenceValues', 'AttestedFetchOptions.relay', 'GatewayOptions.limits'])
    expect(options.map((option) => option.name)).toContain(name)
  expect(problemsOf(options)).toEqual([])
})

test('what says too little is noticed', () => {
  expect(
    problemsOf([
      { name: 'AOptions.silent', mayBeLeftOut: false, text: '' },
      { name: 'AOptions.vague', mayBeLeftOut: true, text: 'For spans.' },
      { name: 'AOptions.sound', mayBeLeftOut: true, text: 'For spans. Default: none.' },
      { name: 'AOptions.needed', mayBeLeftOut: false, text: 'For spans.' },
    ]),
  ).toEqual(['AOptions.silent has no comment', 'AOptions.vague does not state its default'])
})
