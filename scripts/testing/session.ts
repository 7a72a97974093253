// Command lines in one process, one behind the other: to start a process and load a command takes longer than most commands.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import type { Said } from './session-process.ts'

export type Session = AsyncDisposable & {
  /** Words behind the program's name; one command at a time. */
  readonly run: (words: readonly string[]) => Promise<Said>
}

export type SessionOptions = {
  /** The project of the script; this one by default. */
  readonly project?: string
  /** The folder that commands run in; the project by default. */
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
}

/** `scripts/NAME` in a process of its own. */
export function openSession(name: string, { project = ROOT, folder = project, env }: SessionOptions = {}): Session {
  const { FORCE_COLOR: _, ...inherited } = process.env
  const child = fork(join(project, 'scripts/testing/session-process.ts'), [join(project, 'scripts', name)], {
    cwd: folder,
    env: { ...inherited, ...env },
    execArgv: ['--import', join(project, 'scripts/preload.mjs')],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  return {
    async run(words) {
      const said = once(child, 'message') as Promise<[Said]>
      child.send(words)
      const first = await Promise.race([said, ended.then(() => undefined)])
      if (first === undefined) throw new Error(`${words.join(' ')} has ended its process`)
      return first[0]
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await ended
    },
  }
}
