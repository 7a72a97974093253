// One zstd frame of much, made in a process of its own. zstd looks up matches all over 80 MiB of tables, and takes a sixth less
// time where those are in large pages. glibc asks the kernel for them when a process is started so, and never later:
// https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html (glibc.malloc.hugetlb)
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { CHUNK_SIZE } from '#harness/bytes/source.ts'
import { inPieces } from './content.ts'
import { TALOS_ZSTD_LEVEL, zstdChunks } from './zstd.ts'

const PROGRAM = fileURLToPath(import.meta.resolve('./zstd-main.ts'))
/** Below this a process costs more than it saves. */
const LEAST_APART = 8 << 20
/** Systems without glibc, or without large pages, take no notice. */
const LARGE_PAGES = 'glibc.malloc.hugetlb=1'

/** The bytes of `zstdChunks`, where they are less than `leastApart` made here. Error where the process fails. */
export async function* zstdApart(
  chunks: AsyncIterable<Uint8Array>,
  { level = TALOS_ZSTD_LEVEL, leastApart = LEAST_APART } = {},
): AsyncGenerator<Uint8Array, void, void> {
  const pieces = inPieces(chunks, CHUNK_SIZE, Buffer.allocUnsafeSlow(CHUNK_SIZE))
  const first: Uint8Array[] = []
  let size = 0
  try {
    while (size < leastApart) {
      const next = await pieces.next()
      if (next.done === true) {
        yield* zstdChunks(joined(first), level)
        return
      }
      first.push(Uint8Array.from(next.value)) // a copy: the next piece takes its memory
      size += next.value.length
    }
    yield* runApart(joined(first.splice(0), pieces), level)
  } finally {
    await pieces.return()
  }
}

async function* joined(
  first: readonly Uint8Array[],
  rest?: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield* first
  if (rest !== undefined) yield* rest
}

/** The process ends with the generator, in whatever way that ends; it gets no signal of a terminal, which we handle. */
async function* runApart(input: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array, void, void> {
  const { GLIBC_TUNABLES: tunables } = process.env
  const child = spawn(process.execPath, [PROGRAM, String(level)], {
    detached: true,
    env: { ...process.env, GLIBC_TUNABLES: tunables ? `${tunables}:${LARGE_PAGES}` : LARGE_PAGES },
  })
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (status, signal) => resolve(status === 0 ? undefined : (signal ?? `exit status ${status}`)))
  })
  const said = text(child.stderr).catch(() => '')
  let failure: { readonly error: unknown } | undefined
  const watched = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* input
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  // A piece that is more than the pipe's buffer is written whole before the next is asked for, which takes its memory.
  const fed = pipeline(watched, child.stdin).catch(() => child.kill('SIGKILL'))
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    await fed
    const end = await ended
    if (failure !== undefined) throw failure.error
    if (end !== undefined) throw new Error(`the process that compresses failed: ${end}\n${await said}`)
  } finally {
    child.kill('SIGKILL')
    await ended
    await fed
  }
}
