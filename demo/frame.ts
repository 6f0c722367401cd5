/**
 * What pages of the site share: the head, the header with the way to the library, the footer, and
 * what pages that send show of the wire.
 */

/** What the frame must know of the package. */
export interface Package {
  readonly version: string
  /** Where the source is; `undefined` where the package does not say so. */
  readonly source: string | undefined
}

export interface Framed {
  /** The page, with comments where the frame goes. */
  readonly html: string
  /** From the page to the top of the site: '' or `../`. */
  readonly up: string
  /** Its policy, for hosts that send no header. */
  readonly policy: string
}

/** The pages that the header leads to. */
const places = [
  ['', 'Verify'],
  ['send/', 'Send'],
  ['ai/', 'Ask'],
] as const

/** What pages that send count (`send/view.ts`). @param secret `your prompt` @param machine who alone can read it */
const figuresOf = (secret: string, machine: string): string => `<div class="figures">
<p><output id="clear" class="figure">0</output> bytes of ${secret} left this page readable</p>
<p><output id="sealed" class="figure">0</output> bytes left sealed, for the proven ${machine} only</p>
</div>`

const answer = `<section aria-labelledby="answer-title">
<h2 id="answer-title">What came back</h2>
<p id="answer" class="answer" aria-live="polite"></p>
</section>`

const wire = `<section aria-labelledby="wire-title">
<h2 id="wire-title">The wire</h2>
<ol id="wire" class="wire"></ol>
</section>`

export function framed({ html, up, policy }: Framed, { version, source }: Package): string {
  const head = `<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${policy}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="referrer" content="no-referrer" />
<link rel="icon" href="${up}favicon.svg" type="image/svg+xml" />`
  const links = [
    ...places.map(([path, title]) => `<a href="${up}${path || './'}">${title}</a>`),
    `<a href="${up}docs/">Docs</a>`,
    ...(source === undefined ? [] : [`<a href="${source}" rel="noreferrer">Source</a>`]),
  ]
  const header = `<header class="site">
<p class="brand"><a href="${up || './'}"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M16 2 28 7v8c0 8-5 13-12 15C9 28 4 23 4 15V7z" /><path d="m10 16 4 4 8-9" /></svg><b>veritee</b></a> <span>checks an enclave before any data is sent to it.</span></p>
<nav aria-label="Site">${links.join('\n')}
<details class="install"><summary>Install</summary><div><p>For browsers, workers, Node, Deno and Bun:</p><pre tabindex="0" aria-label="Install line">npm install veritee</pre><p>or, from JSR:</p><pre tabindex="0" aria-label="Install line for JSR">npx jsr add @veritee/veritee</pre><p>Then <a href="${up}docs/">read on in the docs</a>.</p></div></details></nav>
</header>`
  const footer = `<footer><p>Verified by <b>veritee ${version}</b>: WebCrypto only, the same code in browsers, at the edge and on servers. This page’s policy forbids it to reach any other host.</p></footer>`
  return html
    .replace('<!-- head -->', head)
    .replace('<!-- header -->', header)
    .replace('<!-- footer -->', footer)
    .replace(/<!-- figures: (.+), (.+) -->/, (_, secret: string, machine: string) => figuresOf(secret, machine))
    .replace('<!-- answer -->', answer)
    .replace('<!-- wire -->', wire)
    .replace(/\n\s*/g, '\n')
}
