import { describe, expect, it } from 'vitest'
import { bytesSource, makeSource, readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { appendSignature, moduleTrailer, sampleModule } from '../../testing/der-samples.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { sampleElf } from '../../testing/elf-sample.ts'
import { readModule } from './module.ts'

const where = { path: '4.sqsh!zfs.ko' }
const read = (bytes: Uint8Array) => readModule(bytesSource(bytes, where))
const bare = sampleModule()
const signature = Buffer.from('stand-in for a signature')
const signed = appendSignature(bare, signature)

describe('readModule', () => {
  it('reads the fields of .modinfo', async () => {
    const info = [
      'alias=a-*',
      'alias=b=c',
      '',
      'flag',
      'author=J\u00f6rg',
      'depends=spl,drbd',
      'vermagic=6.12.57-talos SMP',
    ]
    const module = await read(sampleModule(info))
    expect(module.info).toEqual([
      ['alias', 'a-*'],
      ['alias', 'b=c'],
      ['flag', ''],
      ['author', 'J\u00f6rg'],
      ['depends', 'spl,drbd'],
      ['vermagic', '6.12.57-talos SMP'],
    ])
    expect(module.fields('alias')).toEqual(['a-*', 'b=c'])
    expect([module.field('alias'), module.field('license')]).toEqual(['a-*', undefined])
    expect(module.kernelRelease).toBe('6.12.57-talos')
    expect(module.depends).toEqual(['spl', 'drbd'])
  })

  it('reads a module without fields', async () => {
    const module = await read(sampleModule(['depends=']))
    expect([module.kernelRelease, module.depends]).toEqual([undefined, []])
  })

  it('reads an unsigned module', async () => {
    const module = await read(bare)
    expect([module.signature, module.trailers, module.payload.size]).toEqual([undefined, 0, bare.length])
  })

  it('strips the signature', async () => {
    const module = await read(signed)
    expect(module.signature).toEqual({ type: 'PKCS#7', bytes: signature, offset: bare.length })
    expect(module.trailers).toBe(1)
    expect(await readAll(module.payload, 1 << 20)).toEqual(bare)
    expect(module.field('name')).toBe('zfs')
  })

  it('counts trailers of a module that was signed again', async () => {
    const module = await read(appendSignature(signed, signature))
    expect(module.trailers).toBe(2)
    expect(module.payload.size).toBe(signed.length)
    expect((await read(appendSignature(appendSignature(signed, signature), signature))).trailers).toBe(3)
  })

  it('counts a trailer behind the last that is not valid', async () => {
    const broken = Buffer.concat([bare, moduleTrailer(0xff_ffff)])
    expect((await read(appendSignature(broken, signature))).trailers).toBe(2)
  })

  it('stops counting', async () => {
    let many = bare
    for (let n = 0; n < 20; n++) many = appendSignature(many, signature)
    expect((await read(many)).trailers).toBe(8)
  })

  it('takes a signature whose end is cut off for none', async () => {
    const module = await read(signed.subarray(0, -1))
    expect([module.signature, module.trailers]).toEqual([undefined, 0])
  })
})

describe('readModule refuses', () => {
  const magic = moduleTrailer(0).subarray(12)
  const struct = bare.length + signature.length
  const withStruct = (overwrite: Readonly<Record<number, number>>) =>
    Buffer.concat([bare, signature, moduleTrailer(signature.length, overwrite)])

  it.each([
    ['what is no ELF file', 'BAD_MAGIC', 0, Buffer.from('#!/bin/sh')],
    ['an executable', 'MALFORMED', undefined, sampleElf({ type: 2 })],
    ['a file without .modinfo', 'MALFORMED', undefined, sampleElf({ type: 1 })],
    ['a magic alone', 'TRUNCATED', 0, magic],
    ['another kind of signature', 'MALFORMED', struct + 2, withStruct({ 2: 1 })],
    ['a signer length', 'MALFORMED', struct, withStruct({ 3: 1 })],
    ['bytes in the padding', 'MALFORMED', struct, withStruct({ 7: 1 })],
    ['a signature longer than the file', 'TRUNCATED', struct + 8, withStruct({ 9: 1 })],
    ['a signature of very many bytes', 'LIMIT_EXCEEDED', struct + 8, withStruct({ 8: 1 })],
  ] as const)('%s', async (_, code, offset, bytes) => {
    const error = await expectCode(() => read(bytes), FormatError, code)
    expect(error.at).toEqual(offset === undefined ? where : { ...where, offset })
  })

  it('a module of more than 256 MiB', async () => {
    const huge = makeSource(async (_, length) => Buffer.alloc(length), 0, (256 << 20) + 1, where)
    const error = await expectCode(() => readModule(huge), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual(where)
  })

  it('a .modinfo of more than a mebibyte', async () => {
    const bytes = sampleModule(['a='.padEnd(1 << 20, 'x')])
    const error = await expectCode(() => read(bytes), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at?.path).toContain(where.path)
  })
})

describeHostile('module', { 'unsigned.ko': () => bare, 'signed.ko': () => signed }, async (source) => {
  const module = await readModule(source)
  return readAll(module.payload, 1 << 20)
})
