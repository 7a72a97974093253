// The user's talosctl: started with an array of arguments, without a shell, bounded in time and output. The calls are those
// of this file, and each of them only reads.
import { spawn } from 'node:child_process'
import type { ResourceName } from '#harness/talos/node/resources.ts'
import { UsageError } from '../cli/command-line.ts'
import { signalGroup } from '../cli/interrupt.ts'

export type Talosctl = {
  readonly talosctl: string
  readonly talosconfig?: string | undefined
  /** Seconds for each call. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

export type Answer =
  | { readonly stdout: Buffer; readonly reason?: undefined }
  | { readonly stdout?: undefined; readonly reason: string; readonly isUnknownKind: boolean }

const MAX_OUTPUT = 64 << 20
const OLDEST_MINOR = 11
/** talosctl's words for a kind of resource that this minor does not have. */
const UNKNOWN_KIND = /not registered|resource type .*not found|unknown resource|no such resource|code = NotFound/i

/** The release of the client. UsageError where it cannot be started, and for one older than 1.11. */
export async function clientVersion(talosctl: Talosctl): Promise<string> {
  const { stdout, reason } = await call(talosctl, ['version', '--client'])
  if (stdout === undefined)
    throw new UsageError(
      `${talosctl.talosctl} cannot be asked: ${reason} (--talosctl names the program, --from reads saved outputs)`,
    )
  const [, version = '', minor = ''] = /\b(v1\.(\d+)\.\d+[0-9A-Za-z.-]*)/.exec(stdout.toString()) ?? []
  if (version === '')
    throw new UsageError(`${talosctl.talosctl} says no version of talosctl: expected v1.${OLDEST_MINOR} or later`)
  if (Number(minor) < OLDEST_MINOR)
    throw new UsageError(`${talosctl.talosctl} is ${version}: expected v1.${OLDEST_MINOR} or later`)
  return version
}

/** A stream of JSON documents. */
export async function getResource(talosctl: Talosctl, node: string, resource: ResourceName): Promise<Answer> {
  return call(talosctl, ['get', resource, '--nodes', node, '--output', 'json', ...configOf(talosctl)])
}

/** The table of services, as text. */
export async function getServices(talosctl: Talosctl, node: string): Promise<Answer> {
  return call(talosctl, ['services', '--nodes', node, ...configOf(talosctl)])
}

function configOf({ talosconfig }: Talosctl): readonly string[] {
  return talosconfig === undefined ? [] : ['--talosconfig', talosconfig]
}

/** The program leads a group of processes: where it is a script, what that started ends with it. */
function call({ talosctl, timeout, signal }: Talosctl, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn(talosctl, [...args], { detached: true, windowsHide: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    let [size, problem]: [number, string | undefined] = [0, undefined]
    const end = (why: string): void => {
      problem ??= why
      signalGroup(child, 'SIGKILL')
    }
    const onAbort = (): void => end('interrupted')
    const timer = setTimeout(() => end(`no answer in ${timeout} s`), timeout * 1000)
    signal?.addEventListener('abort', onAbort, { once: true })
    for (const [stream, chunks] of [[child.stdout, stdout] as const, [child.stderr, stderr] as const])
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_OUTPUT) end(`more than ${MAX_OUTPUT} bytes`)
        else chunks.push(chunk)
      })
    child.on('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ENOENT' ? 'it is not installed' : error.message),
    )
    child.on('close', (status) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      if (status === 0 && problem === undefined) return resolve({ stdout: Buffer.concat(stdout) })
      const said = Buffer.concat(stderr).toString().trim().split('\n').at(-1) ?? ''
      const why = problem ?? (said || `it ended with ${status ?? 'a signal'}`)
      return resolve({ reason: why.slice(0, 300), isUnknownKind: UNKNOWN_KIND.test(said) })
    })
    if (signal?.aborted === true) onAbort()
  })
}
