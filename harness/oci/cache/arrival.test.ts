import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { Facts } from '../../bytes/facts.ts'
import { readDigest, digestOf, knownDigest } from '../../bytes/digest.ts'
import { CHUNK_SIZE, readAll, type Identity } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError, NotFoundError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { Arrival } from './arrival.ts'

const folder = await mkdtemp(join(tmpdir(), 'arrival-'))
afterAll(() => rm(folder, { recursive: true }))

const WHERE = { path: 'a.tar!vmlinuz.efi' }
const BYTES = randomBytes(3 * CHUNK_SIZE)
const path = join(folder, 'a.tar')
await writeFile(path, BYTES)
const none = (): undefined => undefined

it('gives bytes once they are there, whole and in chunks', async () => {
  const arrival = await Arrival.open(path)
  const source = arrival.source(10, 2 * CHUNK_SIZE, WHERE, none)
  const seen: string[] = []
  const whole = source.read(0, 2 * CHUNK_SIZE).then((bytes) => seen.push(`whole ${digestOf(bytes)}`))
  const part = readAll(source.slice(5, 7), 100).then((bytes) => seen.push(Buffer.from(bytes).toString('hex')))
  arrival.advance(21)
  await setImmediate()
  expect(seen).toEqual([])
  arrival.advance(22)
  await part
  expect(seen).toEqual([BYTES.toString('hex', 15, 22)])
  arrival.advance(10 + 2 * CHUNK_SIZE)
  await whole
  expect(seen[1]).toBe(`whole ${digestOf(BYTES.subarray(10, 10 + 2 * CHUNK_SIZE))}`)
  const memory = Buffer.alloc(CHUNK_SIZE)
  const chunks = await Array.fromAsync(source.stream(CHUNK_SIZE - 3, 2 * CHUNK_SIZE, memory), (one) => Buffer.from(one))
  expect(Buffer.concat(chunks)).toEqual(BYTES.subarray(7 + CHUNK_SIZE, 10 + 2 * CHUNK_SIZE))
  await arrival.close()
})

it('refuses what never comes, and still gives what came', async () => {
  const arrival = await Arrival.open(path)
  const source = arrival.source(0, BYTES.length, WHERE, none)
  arrival.advance(100)
  const waiting = expectCode(() => source.read(90, 11), NotFoundError, 'BLOB_UNKNOWN')
  arrival.fail()
  await waiting
  expect(await source.read(0, 100)).toEqual(BYTES.subarray(0, 100))
  await expectCode(() => source.read(0, BYTES.length + 1), FormatError, 'TRUNCATED')
  await arrival.close()
})

it('has the identity that is known by the time it is asked', async () => {
  const arrival = await Arrival.open(path)
  arrival.advance(BYTES.length)
  const facts = new Facts(() => new Spool(folder))
  let identity: Identity | undefined
  const source = arrival.source(0, BYTES.length, WHERE, () => identity)
  const [before, after] = [source.slice(100, 50), source.slice(200, 50)]
  expect([source.identity, before.identity]).toEqual([undefined, undefined])
  identity = { facts, root: digestOf(BYTES), offset: 0 }
  expect(before.identity).toEqual({ ...identity, offset: 100 })
  expect(after.slice(1, 2).identity).toEqual({ ...identity, offset: 201 })
  await knownDigest(before, digestOf(BYTES.subarray(100, 150)))
  expect(await facts.recall(`sha256(${identity.root}@100+50)`)).toBe(digestOf(BYTES.subarray(100, 150)))
  expect(await readDigest(after)).toBe(digestOf(BYTES.subarray(200, 250)))
  await arrival.close()
})
