// Memory and processor time of a process and all that it started, from /proc: https://man7.org/linux/man-pages/man5/proc.5.html
import { readdirSync, readFileSync } from 'node:fs'

export type ProcessUsage = {
  /** VmRSS: bytes in memory now, pages that others share included. */
  readonly residentBytes: number
  /** VmHWM: the most that this process ever had. */
  readonly peakBytes: number
  /** User and system time of it and of the children that it waited for. */
  readonly cpuMs: number
}

export type TreeUsage = {
  /** The most that all of the tree had at one moment, or that one process of it ever had. */
  readonly peakBytes: number
  readonly cpuMs: number
}

/** USER_HZ: 100 on every Linux that Node runs on. */
const TICK_MS = 10
const KIBIBYTE = 1024

/** Parses the usage of a process; undefined for a kernel thread or a process that ended: neither has memory. */
export function parseUsage(status: string, stat: string): ProcessUsage | undefined {
  const bytesOf = (name: string): number | undefined => {
    const [, kibibytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
    return kibibytes === undefined ? undefined : Number(kibibytes) * KIBIBYTE
  }
  const [residentBytes, peakBytes] = [bytesOf('VmRSS'), bytesOf('VmHWM')]
  if (residentBytes === undefined || peakBytes === undefined) return undefined
  // The name, in parentheses, may hold anything. Behind it, from 0: 11 utime, 12 stime, 13 cutime, 14 cstime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { residentBytes, peakBytes, cpuMs: ticks * TICK_MS }
}

/** `pid` and its descendants that live now; none where there is no /proc. */
export function listTree(pid: number, proc = '/proc'): readonly number[] {
  const found = [pid]
  // Grows while it is walked: children of children come behind.
  for (const one of found)
    for (const thread of listOrNone(`${proc}/${one}/task`))
      for (const child of (readOrNone(`${proc}/${one}/task/${thread}/children`) ?? '').split(' '))
        if (child !== '') found.push(Number(child))
  return found
}

export function readUsage(pid: number, proc = '/proc'): ProcessUsage | undefined {
  const status = readOrNone(`${proc}/${pid}/status`)
  const stat = readOrNone(`${proc}/${pid}/stat`)
  return status === undefined || stat === undefined ? undefined : parseUsage(status, stat)
}

/** Looks at a tree as often as `sample` is called. */
export class TreeMeter {
  readonly #pid: number
  readonly #proc: string
  #peakBytes = 0
  #cpuMs = 0

  constructor(pid: number, proc = '/proc') {
    this.#pid = pid
    this.#proc = proc
  }

  sample(): void {
    const tree = listTree(this.#pid, this.#proc).flatMap((pid) => readUsage(pid, this.#proc) ?? [])
    const resident = tree.reduce((sum, { residentBytes }) => sum + residentBytes, 0)
    this.#peakBytes = Math.max(this.#peakBytes, resident, ...tree.map(({ peakBytes }) => peakBytes))
    // Processor time never shrinks; what a child had is counted by its parent once it was waited for.
    this.#cpuMs = Math.max(
      this.#cpuMs,
      tree.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    )
  }

  usage(): TreeUsage {
    return { peakBytes: this.#peakBytes, cpuMs: this.#cpuMs }
  }
}

/** Processes end while they are looked at. */
function readOrNone(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

function listOrNone(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
