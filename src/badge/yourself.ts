/**
 * How a visitor verifies the same evidence without trusting the page: a program, and a line for the
 * terminal.
 */

export interface Recipe {
  readonly program: string
  readonly command: string
}

/** @param format of the result, `tdx` say */
export function recipeFor(format: string): Recipe {
  const name = `verify${format.replace(/(?:^|-)(.)/g, (_, first: string) => first.toUpperCase())}`
  const entry = `'veritee/${format.replace(/^azure-.*/, 'azure')}'`
  return {
    program: [
      `import { ${name} } from ${entry}`,
      '// What you expect is yours to say: measurements, and what the evidence must answer.',
      `const { claims } = await ${name}(evidence, options)`,
    ].join('\n'),
    command: 'npx veritee inspect evidence.bin && npx veritee verify evidence.bin --help',
  }
}
