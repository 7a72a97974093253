// Runs one fetched tool, with an environment of its own: no configuration of the user takes part.
import { execFile } from 'node:child_process'

export type Check = {
  readonly name: string
  /** Rejects where it is red; may say more where it is green. */
  readonly run: () => Promise<string | undefined>
}

export type RunOptions = {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Exit statuses that are no failure. */
  readonly accept?: readonly number[]
}

/** More than any of them prints. */
const MAX_OUTPUT = 64 << 20
/** The longest is the build of the conformance suite. */
const TIMEOUT_MS = 10 * 60_000
/** The most characters of a failed tool's output that are quoted. */
const QUOTED = 2000

/** The standard output of the tool. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { cwd, env = {}, accept = [0] } = options
  const own = { PATH: process.env['PATH'] ?? '', HOME: cwd, LC_ALL: 'C', ...env }
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env: own, maxBuffer: MAX_OUTPUT, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code
      if (typeof status === 'number' && accept.includes(status)) resolve(stdout)
      else {
        const said = `${stderr}${stdout}`.trim().slice(-QUOTED)
        reject(new Error(`${program} ${args.join(' ')}: ${said || error?.message}`, { cause: error }))
      }
    })
  })
}
