import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FormatError, IntegrityError, type HarnessCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { gunzipChunks, MAX_MEMBERS, measureGzipMember } from './compression-gzip.ts'
import { bytesSource } from './source.ts'

const where = { path: 'layer' }
const options = { where, format: 'layer', maxBytes: 1 << 24 }

/** The bytes in chunks of `size`; `state` says how much was read and whether the end was reached or the stream closed. */
function chunked(
  bytes: Uint8Array,
  size = bytes.length || 1,
): AsyncIterable<Uint8Array> & { read: number; ended: boolean } {
  const state = { read: 0, ended: false }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < bytes.length; at += size) {
        state.read = Math.min(bytes.length, at + size)
        yield bytes.subarray(at, at + size)
      }
    } finally {
      state.ended = true
    }
  }
  return Object.assign(state, { [Symbol.asyncIterator]: chunks })
}

async function gunzip(chunks: AsyncIterable<Uint8Array>, maxBytes = options.maxBytes): Promise<string> {
  const content = gunzipChunks(chunks, { ...options, maxBytes })
  return Buffer.concat(await Array.fromAsync(content, (chunk) => Uint8Array.from(chunk))).toString('latin1')
}

/** One member by hand: `header` is what follows the magic number and the method. */
function member(header: string, content: string, fields: { crc?: number; size?: number } = {}): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(fields.crc ?? crc32(content), 0)
  trailer.writeUInt32LE(fields.size ?? content.length, 4)
  return Buffer.concat([Buffer.from(`1f8b08${header}`, 'hex'), deflateRawSync(content), trailer])
}
const REST = '00000000 00 03'.replaceAll(' ', '')
const headerSum = (header: string): string => {
  const sum = Buffer.alloc(2)
  sum.writeUInt16LE(crc32(Buffer.from(`1f8b08${header}`, 'hex')) & 0xffff)
  return header + sum.toString('hex')
}

describe('gunzipChunks', () => {
  const long = Buffer.alloc(3 << 20, 'a text that is not short. ')
  it.for([1, 2, 7, 64, 100_000])('decodes members in chunks of %i bytes', async (size) => {
    const bytes = Buffer.concat([gzipSync('one '), gzipSync(''), gzipSync('two')])
    const chunks = chunked(bytes, size)
    expect(await gunzip(chunks)).toBe('one two')
    expect(chunks).toMatchObject({ read: bytes.length, ended: true })
    const large = chunked(Buffer.concat([gzipSync(long), gzipSync('end')]), Math.max(64, size))
    expect(await gunzip(large)).toBe(`${long}end`)
  })

  it.for([
    ['nothing', `00${REST}`],
    ['a text flag', `01${REST}`],
    ['an extra field', `04${REST}0300aabbcc`],
    ['a name', `08${REST}6100`],
    ['a comment', `10${REST}6200`],
    ['the longest name', `08${REST}${'61'.repeat(511)}00`],
    ['a checksum', headerSum(`02${REST}`)],
    ['all of them', headerSum(`1f${REST}0100aa61006200`)],
  ])('reads a header with %s', async ([, header]) => {
    expect(await gunzip(chunked(member(header ?? '', 'text'), 3))).toBe('text')
  })

  const valid = gzipSync('twelve bytes')
  const corrupted = (at: number): Buffer => {
    const copy = Buffer.from(valid)
    copy[at] = (copy[at] ?? 0) ^ 0x06
    return copy
  }
  it.for<[string, Buffer, HarnessCode, number]>([
    ['nothing', Buffer.alloc(0), 'TRUNCATED', 0],
    ['a cut header', valid.subarray(0, 5), 'TRUNCATED', 5],
    ['a cut name', Buffer.from(`1f8b0808${REST}6161`, 'hex'), 'TRUNCATED', 12],
    ['cut data', valid.subarray(0, 15), 'TRUNCATED', 15],
    ['a cut trailer', valid.subarray(0, -1), 'TRUNCATED', valid.length - 1],
    ['a cut second member', Buffer.concat([valid, valid.subarray(0, 1)]), 'TRUNCATED', valid.length + 1],
    ['another magic', Buffer.from('plain text'), 'BAD_MAGIC', 2],
    ['half a magic behind a member', Buffer.concat([valid, Buffer.from([0x1f, 0])]), 'BAD_MAGIC', valid.length + 2],
    ['another method', corrupted(2), 'UNSUPPORTED', 10],
    ['a reserved flag', member(`20${REST}`, 'x'), 'MALFORMED', 10],
    ['a wrong header checksum', member(`02${REST}ffff`, 'x'), 'MALFORMED', 12],
    ['wrong data', corrupted(10), 'MALFORMED', 10],
    ['a wrong checksum', member(`00${REST}`, 'x', { crc: 1 }), 'MALFORMED', 21],
    ['a wrong size', member(`00${REST}`, 'x', { size: 2 }), 'MALFORMED', 21],
    ['a name that Go refuses', member(`08${REST}${'61'.repeat(512)}00`, 'x'), 'LIMIT_EXCEEDED', 10],
  ])('refuses %s', async ([, bytes, code, offset]) => {
    const error = await expectCode(() => gunzip(chunked(bytes)), FormatError, code)
    expect(error.at).toEqual({ ...where, offset })
  })

  it.for([1, 5, 1000])('refuses what follows, in chunks of %i bytes, and reads it to its end', async (size) => {
    for (const junk of [Buffer.from('junk\0junk'), Buffer.alloc(9)]) {
      const chunks = chunked(Buffer.concat([valid, junk]), size)
      const error = await expectCode<IntegrityError>(() => gunzip(chunks), IntegrityError, 'TRAILING_DATA')
      const offset = valid.length
      expect(error).toMatchObject({ got: 9, want: 0, bytesRead: offset + 9, at: { ...where, offset } })
      expect(chunks).toMatchObject({ read: offset + 9, ended: true })
    }
  })

  it('reads its input to the end when its bytes are wrong, and lets it have the last word', async () => {
    const chunks = chunked(Buffer.concat([corrupted(10), Buffer.alloc(500)]), 10)
    await expectCode(() => gunzip(chunks), FormatError, 'MALFORMED')
    expect(chunks).toMatchObject({ read: valid.length + 500, ended: true })
    async function* verified(): AsyncGenerator<Uint8Array> {
      yield corrupted(10)
      throw new IntegrityError('DIGEST_MISMATCH', 'layer: expected x, got y', { got: 'y', want: 'x', bytesRead: 0 })
    }
    await expectCode(() => gunzip(verified()), IntegrityError, 'DIGEST_MISMATCH')
  })

  it('stops at the limit and leaves the rest of a bomb alone', async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20), { level: 9 })
    const chunks = chunked(Buffer.concat([bomb, bomb]), 4096)
    await expectCode(() => gunzip(chunks, 1 << 20), FormatError, 'LIMIT_EXCEEDED')
    expect(chunks.ended).toBe(true)
    expect(chunks.read).toBeLessThan(bomb.length)
    expect(await gunzip(chunked(valid), 12)).toHaveLength(12)
    await expectCode(() => gunzip(chunked(valid), 11), FormatError, 'LIMIT_EXCEEDED')
  })

  it('ends its input when its reader stops early', async () => {
    const chunks = chunked(gzipSync(long, { level: 0 }), 1 << 16)
    for await (const chunk of gunzipChunks(chunks, options)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(chunks.ended).toBe(true)
    expect(chunks.read).toBeLessThan(long.length)
  })

  it('takes many members, up to a limit', { timeout: 240_000 }, async () => {
    const tiny = gzipSync('')
    const bytes = Buffer.alloc(tiny.length * (MAX_MEMBERS + 1), tiny)
    const error = await expectCode(() => gunzip(chunked(bytes, 1 << 20)), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual({ ...where, offset: tiny.length * MAX_MEMBERS })
  })
})

describe('measureGzipMember', () => {
  it('finds the end of the first member only', async () => {
    const first = gzipSync('first')
    const bytes = Buffer.concat([Buffer.from('..'), first, gzipSync('second'), Buffer.from('anything')])
    expect(await measureGzipMember(bytesSource(bytes, where), 2, options)).toEqual({
      size: first.length,
      contentSize: 5,
    })
  })
})

describeHostile(
  'gzip',
  {
    'two members': () => Buffer.concat([gzipSync('some text. '.repeat(500)), member(`1c${REST}0100aa61006200`, 'x')]),
    'a large member': () => gzipSync(Buffer.alloc(1 << 20, 'a longer text. ')),
  },
  (source) => Array.fromAsync(gunzipChunks(source.stream(), { ...options, where: source.where })),
)
