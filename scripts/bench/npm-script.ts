// The process that `npm run NAME -- ARGS` starts, without npm in between: npm's own second would hide what is measured.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export type NpmCommand = { readonly command: string; readonly args: readonly string[] }

export async function npmScript(name: string, args: readonly string[]): Promise<NpmCommand> {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  return toCommand(scripts[name], args)
}

/** `node …` runs on the Node that runs this. */
export function toCommand(script: string, args: readonly string[]): NpmCommand {
  const [command = '', ...rest] = script.split(' ')
  return { command: command === 'node' ? process.execPath : command, args: [...rest, ...args] }
}
