// Shows what is inside an image, or writes the bytes of one file in it.
import { once } from 'node:events'
import { BUDGET } from '#harness/budget.ts'
import type { ByteSource } from '#harness/bytes/source.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError } from '#harness/errors.ts'
import { areaFolder, defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { renderReference } from '#harness/oci/image/reference.ts'
import { openRegistries, parseGiven } from '../cli/candidates.ts'
import { UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { describeAbout } from '../judge/candidates/candidates.ts'
import { installerOf } from '../judge/candidates/parts.ts'
import { printableStrings } from '../judge/verdict/printable.ts'
import { findNode } from './find.ts'
import type { Node } from './node.ts'
import { openRoot } from './open.ts'
import { parseInspectOptions, type InspectOptions } from './options.ts'
import { renderShown } from './render.ts'
import { hasUnreadable, show } from './shown.ts'

/** `args` without node and script. Gives the exit status. */
export async function inspect(args: readonly string[]): Promise<number> {
  const interrupt = catchInterrupt('nothing more is shown')
  try {
    const options = parseInspectOptions(args)
    if (options === undefined) return 0
    return await inspectReference(options, interrupt.signal)
  } catch (error) {
    return interrupt.statusOf(printFailure(interrupt.signal.aborted ? interrupt.signal.reason : error))
  } finally {
    interrupt.release()
  }
}

async function inspectReference(options: InspectOptions, signal: AbortSignal): Promise<number> {
  const given = parseGiven(options.reference)
  const cacheFolder = options.cache ?? defaultCacheFolder()
  const { limit: limits = BUDGET } = options
  const registry = await openRegistries([given], options, { cacheFolder, signal, limits })
  const place = { cacheFolder, registry, limits }
  try {
    const reference = await installerOf(given, place)
    const spool = new Spool(areaFolder(cacheFolder, 'spool'), limits)
    const { root, close } = await openRoot(reference, { spool, registry, architecture: options.architecture })
    try {
      return await write(root, options)
    } finally {
      await close()
    }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UsageError(`${renderReference(given)}: ${describeAbout(given, error)}`, { cause: error })
  } finally {
    await registry?.close()
  }
}

async function write(root: Node, { path, size, json }: InspectOptions): Promise<number> {
  const { node, inside } = path === undefined ? { node: root, inside: true } : await findNode(root, path)
  if (!inside && node.data !== undefined && !json) {
    await writeBytes(node.data, path ?? '')
    return 0
  }
  const shown = await show(node)
  if (json) process.stdout.write(`${JSON.stringify(printableStrings({ schema: 1, ...shown }), null, 2)}\n`)
  else process.stdout.write(renderShown(shown, { bars: size, stream: process.stdout }))
  return hasUnreadable(shown) ? 2 : 0
}

/** UsageError for bytes that are no text and would go to a terminal. */
async function writeBytes(data: ByteSource, path: string): Promise<void> {
  const head = await data.read(0, Math.min(data.size, 1024))
  if (process.stdout.isTTY && head.includes(0))
    throw new UsageError(`${path} is no text: send it into a file with > FILE, or add ! to see what is inside`)
  for await (const chunk of data.stream())
    if (!process.stdout.write(Buffer.from(chunk))) await once(process.stdout, 'drain')
}
