// Makes the image that is measured, and serves it: each in a process of its own, which is not measured.
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseLock, type Lock } from '#specs/contract/lock.ts'
import { measure } from './measure/measure.ts'
import { npmScript, ROOT } from './npm-script.ts'
import { SIZES, type Size } from './options.ts'

export const VARIANT = 'spin-only'
const OTHER_VARIANT = 'spin-tailscale'
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
    const maker = join(import.meta.dirname, 'makers/upstream.ts')
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
  variant = VARIANT,
): readonly string[] {
  const fixed = ['--variant', variant, '--upstream', inputs, '--lock', lockPath, '--contract', contractPath]
  return [...fixed, '--output', output]
}

export type Served = AsyncDisposable & {
  readonly reference: string
  /** That and the others, in their order. */
  readonly references: readonly string[]
  readonly phases: Readonly<Record<string, number>>
}

export type Many = {
  /** The installer of the other variant, in a layout. */
  readonly other: string
  /** Layouts of images of both variants, whose files are the same and whose layers are not. */
  readonly tags: readonly string[]
}

/** What else is made of the same parts, for `count` tags; what an earlier run made whole is used again. */
export async function prepareMany(prepared: Prepared, count: number, signal: AbortSignal): Promise<Many> {
  const { folder, layout, lock } = prepared
  const [other, tags] = [join(folder, 'other', OTHER_VARIANT), join(folder, 'tags')]
  const made = join(folder, `made-${count}`)
  if (!(await isThere(made))) {
    const options = { cwd: ROOT, signal }
    for (const one of [join(folder, 'other'), tags]) await rm(one, { recursive: true, force: true })
    const { command, args } = await npmScript('build', buildArgs(prepared, join(folder, 'other'), OTHER_VARIANT))
    await measure(command, args, options)
    const maker = ['--import', './scripts/preload.mjs', join(import.meta.dirname, 'makers/tags.ts')]
    for (const [at, from] of [layout, other].entries()) {
      const share = at === 0 ? Math.ceil(count / 2) : Math.floor(count / 2)
      const own = [from, join(tags, String(at)), lock.talos ?? 'latest', String(at * count), String(share)]
      await measure(process.execPath, [...maker, ...own], options)
    }
    await writeFile(made, '')
  }
  const folders = await Promise.all(
    ['0', '1'].map(async (at) => (await readdir(join(tags, at))).map((name) => join(tags, at, name))),
  )
  return { other, tags: folders.flat() }
}

/** Names in the registry, and the layouts that they are served from. */
export type Images = ReadonlyMap<string, string>

/** The installer alone, without its asset image, from files: what the quoted pipeline reads too. `more` beside it. */
export async function serve({ folder, layout, lock }: Prepared, more: Images = new Map()): Promise<Served> {
  const began = performance.now()
  const tag = lock.talos ?? 'latest'
  const images = [...new Map([[`talos-${VARIANT}:${tag}`, layout], ...more])].map(
    ([name, from]) => `${name}=oci:${from}:${tag}`,
  )
  const { command, args } = await npmScript('registry', ['--storage', join(folder, 'registry'), ...images])
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): void => void child.kill('SIGTERM')
  process.once('exit', end)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    const served: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      const [, name] = /^image +([^@]+)@/.exec(line) ?? []
      if (name !== undefined) served.push(name)
      const [reference] = served
      if (reference === undefined || served.length < images.length) continue
      return {
        reference,
        references: served,
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
  throw new Error('the registry ended before it served the images')
}

async function isThere(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  )
}
