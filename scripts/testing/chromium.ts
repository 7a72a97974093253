// Debian's Chromium without a window, over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import axe from 'axe-core'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
  // Nothing is said there: Chromium ends when the other end of its pipes does, so none is left by a test that is killed.
  '--remote-debugging-pipe',
]
const START_MS = 30_000

type Message = {
  readonly id?: number
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: { readonly message: string }
}
type Pending = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }

export type Page = {
  /** A command of the protocol, such as `Emulation.setEmulatedMedia`. */
  send<T>(method: string, params?: object): Promise<T>
  /** The value of an expression in the page, which must be JSON. */
  evaluate<T>(expression: string): Promise<T>
  /** Loads a URL; what was complained before is forgotten. */
  open(url: string): Promise<void>
  /** Messages of the console, exceptions, refused loads; network requests that are no `file:` or `data:`. */
  complaints(): readonly string[]
  close(): Promise<void>
}

/** Starts a browser with one page. Rejects, and names the package, where there is no Chromium. */
export async function openChromium(): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'))
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (cause) =>
      reject(new Error('chromium does not start: install the package chromium', { cause })),
    )
    child.once('exit', (code) => reject(new Error(`chromium ended with ${code}`)))
  })
  failed.catch(() => undefined)
  const stop = (): Promise<void> => end(child, profile)
  try {
    const port = await Promise.race([readPort(profile), failed])
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as readonly {
      readonly type: string
      readonly webSocketDebuggerUrl: string
    }[]
    const url = targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl
    if (url === undefined) throw new Error('chromium has no page')
    return await attach(url, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

/** Rules of axe-core that the page breaks, each with the start of the element: `html-has-lang <html class="…`. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  // Half a megabyte of source, and cold code, once for each page that is opened.
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(`${axe.source}; undefined`)
  return page.evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html.slice(0, 120))))`,
  )
}

async function readPort(profile: string): Promise<string> {
  for (let waited = 0; waited < START_MS; waited += 50) {
    const [port] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n')
    if (port !== undefined && port !== '') return port
    await sleep(50)
  }
  throw new Error(`chromium opened no port within ${START_MS} ms`)
}

async function attach(url: string, stop: () => Promise<void>): Promise<Page> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const pending = new Map<number, Pending>()
  const waiting = new Map<string, () => void>()
  const complaints: string[] = []
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, method = '', params = {}, result, error } = JSON.parse(String(data)) as Message
    if (id !== undefined) {
      const asked = pending.get(id)
      pending.delete(id)
      if (error === undefined) asked?.resolve(result)
      else asked?.reject(new Error(error.message))
      return
    }
    waiting.get(method)?.()
    const complaint = complaintOf(method, params)
    if (complaint !== undefined) complaints.push(complaint)
  })
  socket.addEventListener('close', () => {
    for (const { reject } of pending.values()) reject(new Error('chromium went away'))
  })
  const send = <T>(method: string, params: object = {}): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      pending.set(++last, { resolve: resolve as (value: unknown) => void, reject })
      socket.send(JSON.stringify({ id: last, method, params }))
    })
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`)
  return {
    send,
    evaluate: async <T>(expression: string) => {
      const { result, exceptionDetails } = await send<{
        readonly result: { readonly value: T }
        readonly exceptionDetails?: { readonly exception?: { readonly description?: string } }
      }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? 'the page threw')
      return result.value
    },
    open: async (address) => {
      complaints.length = 0
      const loaded = new Promise<void>((resolve) => waiting.set('Page.loadEventFired', resolve))
      await send('Page.navigate', { url: address })
      await loaded
    },
    complaints: () => complaints,
    close: async () => {
      socket.close()
      await stop()
    },
  }
}

function complaintOf(method: string, params: Readonly<Record<string, unknown>>): string | undefined {
  if (method === 'Network.requestWillBeSent') {
    const { url } = params['request'] as { readonly url: string }
    return /^(?:file|data):/.test(url) ? undefined : `a request for ${url}`
  }
  return ['Log.entryAdded', 'Runtime.consoleAPICalled', 'Runtime.exceptionThrown'].includes(method)
    ? `${method} ${JSON.stringify(params)}`
    : undefined
}

async function end(child: ChildProcess, profile: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const exited = once(child, 'exit')
    child.kill()
    await exited
  }
  // Its own children may still write for a moment.
  await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}
