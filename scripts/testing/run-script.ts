// Our commands and scripts as child processes, for tests of the command line.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from '../root.ts'

export type Outcome = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

/** `npm test -- ARGS` with standard output in a pipe. */
export function runConform(args: readonly string[]): Promise<Outcome> {
  return runScript('talos-image.ts', ['test', ...args])
}

/** `scripts/NAME` of the project in `folder`. */
export async function runScript(
  name: string,
  args: readonly string[],
  folder: string = ROOT,
  more: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const { FORCE_COLOR: _, ...env } = process.env
  const child = spawn(process.execPath, ['--import', './scripts/preload.mjs', join('scripts', name), ...args], {
    cwd: folder,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const status = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await status, stdout, stderr }
}
