import { expect, it } from 'vitest'
import { deflateSync } from 'node:zlib'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { fields, patched } from '../../testing/squashfs-sample-bytes.ts'
import { makeSquashfs, type SampleNode } from '../../testing/squashfs-samples.ts'
import { openSquashfs, type SquashfsEntry } from './reader.ts'

const where = { path: 'x.sqsh' }

async function readEntries(bytes: Uint8Array): Promise<readonly SquashfsEntry[]> {
  return (await openSquashfs(bytesSource(bytes, where))).entries()
}

/** Metadata blocks that are a byte short. */
function encodeShort(raw: Uint8Array): Uint8Array {
  return deflateSync(raw.length === 8192 ? raw.subarray(1) : raw)
}

it('refuses a metadata block that is not full though another follows', async () => {
  const many = Array.from({ length: 900 }, (_, number): SampleNode => ({ type: 'fifo', name: `${number}` }))
  const error = await expectCode(
    () => readEntries(makeSquashfs(many, { encode: encodeShort }).bytes),
    FormatError,
    'MALFORMED',
  )
  expect(error.message).toMatch(/expected 8192 bytes, got 8191/)
})

it('lets the directory table end where the export table begins', async () => {
  const { bytes } = makeSquashfs([{ type: 'fifo', name: 'f' }])
  const used = bytes.readUInt32LE(40)
  const exported = bytes.readUInt32LE(80) // the directory table's end: there are no fragments, and ids follow
  const withExport = Buffer.concat([bytes.subarray(0, used), fields([exported, 8])])
  const image = patched(patched(withExport, 88, 8, used), 40, 8, used + 8)
  expect(await readEntries(image)).toHaveLength(2)
})
