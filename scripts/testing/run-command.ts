// A command inside the process of a test, with what it prints.
import { vi } from 'vitest'
import '../selftest/workers/kept-workers.ts'
import { main } from '../test/main.ts'
import type { Outcome } from './run-script.ts'

export type CommandOutcome = { readonly exit: number; readonly stdout: string; readonly stderr: string }

export async function runCommand(
  command: (args: readonly string[]) => Promise<number>,
  args: readonly string[],
): Promise<CommandOutcome> {
  const texts = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      texts[name] += String(chunk)
      return true
    }),
  )
  try {
    return { exit: await command(args), ...texts }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** `npm test -- ARGS` inside the process of a test: half the time of one of its own. */
export async function judgeHere(args: readonly string[]): Promise<Outcome> {
  const { exit, ...texts } = await runCommand(main, args)
  return { status: exit, ...texts }
}
