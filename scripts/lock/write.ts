// Puts a lock where it belongs.
import { rename, rm, writeFile } from 'node:fs/promises'
import { UsageError } from '../cli/command-line.ts'
import { besideOf, isSpecial } from '../judge/verdict/report-file.ts'

/** Writes the lock whole or not at all; `-` is standard output. UsageError where the file cannot be written. */
export async function writeLock(path: string, text: string): Promise<void> {
  if (path === '-') {
    process.stdout.write(text)
    return
  }
  const beside = besideOf(path)
  try {
    if (await isSpecial(path)) {
      await writeFile(path, text)
      return
    }
    await writeFile(beside, text)
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true })
    throw new UsageError(`the lock ${path} cannot be written: ${(cause as Error).message}`, { cause })
  }
}
