/**
 * Notes what the Content-Security-Policy forbids, in a page or a worker.
 */

export interface Watch {
  readonly violations: string[]
  /** The directive of the violation that `commit` is. */
  provoke(commit: () => void): Promise<string>
}

export function watchPolicy(): Watch {
  const violations: string[] = []
  const note = (told: (text: string) => void): void => {
    addEventListener('securitypolicyviolation', (event) => {
      const { effectiveDirective, blockedURI } = event
      // An icon is what some browsers ask for by themselves.
      if (!blockedURI.endsWith('/favicon.ico')) told(`${effectiveDirective} ${blockedURI}`)
    })
  }
  note((text) => violations.push(text))
  return {
    violations,
    provoke: (commit) =>
      new Promise((resolve) => {
        note((text) => {
          resolve(text.split(' ')[0] as string)
        })
        commit()
      }),
  }
}
