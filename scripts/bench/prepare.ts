// Makes the image that is measured, and serves it: each in a process of its own, which is not measured.
import { spawn } from 'node:child_process'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseLock, type Lock } from '#specs/contract/lock.ts'
import { measure } from './measure/measure.ts'
import { npmScript, ROOT } from './npm-script.ts'
import { SIZES, type Size } from './options.ts'

export const VARIANT = 'spin-only'
const CONTRACT_PATH = 'specs/contract/contract.yaml'
/** The contract keeps images under 512 MiB, because Talos unpacks them in memory. */
const HUGE_LIMIT = 2 ** 31

export type Prepared = {
  readonly folder: string
  readonly inputs: string
  readonly lockPath: string
  readonly contractPath: string
  readonly lock: Lock
  /** The layout with the installer. */
  readonly layout: string
  /** Milliseconds by what was done; empty where it had been done before. */
  readonly phases: Readonly<Record<string, number>>
}

/** `folder` is made where it is not there; what an earlier run made whole is used again. */
export async function prepare(folder: string, size: Size, signal: AbortSignal): Promise<Prepared> {
  const [lockPath, contractPath] = [join(folder, 'lock.json'), join(folder, 'contract.yaml')]
  const [inputs, layouts] = [join(folder, 'inputs'), join(folder, 'layouts')]
  const phases: Record<string, number> = {}
  if (!(await isThere(join(folder, 'made')))) {
    const making = `${folder}.making`
    await rm(making, { recursive: true, force: true })
    await mkdir(making, { recursive: true })
    const maker = join(import.meta.dirname, 'maker.ts')
    const options = { cwd: ROOT, signal }
    const made = await measure(
      process.execPath,
      ['--import', './scripts/preload.mjs', maker, making, SIZES[size]],
      options,
    )
    phases['make upstream’s parts'] = made.wallMs
    const contract = await readFile(join(ROOT, CONTRACT_PATH), 'utf8')
    const limit = size === '140' ? '$&' : `unpackedSizeLimit: ${HUGE_LIMIT}`
    await writeFile(join(making, 'contract.yaml'), contract.replace(/^unpackedSizeLimit: \d+$/m, limit))
    await rm(folder, { recursive: true, force: true })
    await rename(making, folder)
    const { command, args } = await npmScript('build', buildArgs({ inputs, lockPath, contractPath }, layouts))
    phases['build the image'] = (await measure(command, args, options)).wallMs
    await writeFile(join(folder, 'made'), '')
  }
  const lock = parseLock(await readFile(lockPath), lockPath)
  return { folder, inputs, lockPath, contractPath, lock, layout: join(layouts, VARIANT), phases }
}

export function buildArgs(
  { inputs, lockPath, contractPath }: Pick<Prepared, 'inputs' | 'lockPath' | 'contractPath'>,
  output: string,
): readonly string[] {
  const fixed = ['--variant', VARIANT, '--upstream', inputs, '--lock', lockPath, '--contract', contractPath]
  return [...fixed, '--output', output]
}

export type Served = AsyncDisposable & { readonly reference: string; readonly phases: Readonly<Record<string, number>> }

/** The installer alone, without its asset image, from files: what the quoted pipeline reads too. */
export async function serve({ folder, layout, lock }: Prepared): Promise<Served> {
  const began = performance.now()
  const tag = lock.talos ?? 'latest'
  const image = `talos-${VARIANT}:${tag}=oci:${layout}:${tag}`
  const { command, args } = await npmScript('registry', ['--storage', join(folder, 'registry'), image])
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): void => void child.kill('SIGTERM')
  process.once('exit', end)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, reference] = /^image +([^@]+)@/.exec(line) ?? []
      if (reference === undefined) continue
      return {
        reference,
        phases: { serve: performance.now() - began },
        [Symbol.asyncDispose]: async () => {
          process.off('exit', end)
          end()
          await closed
        },
      }
    }
  } catch (error) {
    end()
    throw error
  }
  throw new Error('the registry ended before it served the image')
}

async function isThere(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  )
}
