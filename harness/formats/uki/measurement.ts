// The value of a TPM's PCR 11 once systemd-stub has measured a UKI and Talos has come to its machined: siderolabs/talos
// internal/pkg/measure, internal/pkg/secureboot (v1.11.0 … v1.14.0-rc.1); systemd src/fundamental/uki.h,
// src/boot/stub.c; TPM 2.0 Library, Part 3, TPM2_PolicyPCR.
import { createHash } from 'node:crypto'
import { chunkMemory, type ByteSource } from '../../bytes/source.ts'

/** Banks in the order of `.pcrsig`, each with its TPM_ALG_ID. */
export const BANKS = [
  ['sha256', 0x000b],
  ['sha384', 0x000c],
  ['sha512', 0x000d],
] as const
export type Bank = (typeof BANKS)[number][0]
export const PCR = 11

/** Sections are measured in this order, whatever theirs is in the file; `.pcrsig` is not. */
const ORDER = [
  '.linux',
  '.osrel',
  '.cmdline',
  '.initrd',
  '.ucode',
  '.splash',
  '.dtb',
  '.uname',
  '.sbat',
  '.pcrpkey',
  '.profile',
  '.dtbauto',
  '.hwids',
]
const PHASES = ['enter-initrd', 'leave-initrd', 'enter-machined']
const POLICY_PCR = 0x0000017f
const SELECT_SIZE = 3

/** Hex digits of the policy for each bank. */
export type Policies = Readonly<Record<Bank, string>>

type Digests = Readonly<Record<Bank, Uint8Array>>

/** Sections are read once, however many profiles they are measured for. */
export function openMeasurement(): { policies(sections: ReadonlyMap<string, ByteSource>): Promise<Policies> } {
  const known = new Map<ByteSource, Promise<Digests>>()
  const digestsOf = (source: ByteSource): Promise<Digests> => {
    const digests = known.get(source) ?? readDigests(source)
    known.set(source, digests)
    return digests
  }
  return {
    async policies(sections) {
      const measured: { readonly name: string; readonly digests: Digests }[] = []
      for (const name of ORDER) {
        const source = sections.get(name)
        if (source !== undefined) measured.push({ name, digests: await digestsOf(source) })
      }
      const entries = BANKS.map(([bank, algorithm]) => {
        const extend = (value: Uint8Array, digest: Uint8Array) => createHash(bank).update(value).update(digest).digest()
        const ofText = (text: string) => createHash(bank).update(text).digest()
        let value: Uint8Array = Buffer.alloc(ofText('').length)
        for (const { name, digests } of measured) value = extend(extend(value, ofText(`${name}\0`)), digests[bank])
        for (const phase of PHASES) value = extend(value, ofText(phase))
        return [bank, policyOf(value, algorithm)] as const
      })
      return Object.fromEntries(entries) as Policies
    },
  }
}

async function readDigests(source: ByteSource): Promise<Digests> {
  const hashes = BANKS.map(([bank]) => [bank, createHash(bank)] as const)
  for await (const chunk of source.stream(0, source.size, chunkMemory(source)))
    for (const [, hash] of hashes) hash.update(chunk)
  return Object.fromEntries(hashes.map(([bank, hash]) => [bank, hash.digest()])) as unknown as Digests
}

/**
 * The policy digest after one TPM2_PolicyPCR: sha256 of the old digest, the command, the selection and the PCR's
 * digest.
 */
function policyOf(value: Uint8Array, algorithm: number): string {
  const selection = Buffer.alloc(4 + 2 + 1 + SELECT_SIZE)
  selection.writeUInt32BE(1, 0)
  selection.writeUInt16BE(algorithm, 4)
  selection.writeUInt8(SELECT_SIZE, 6)
  selection.writeUInt8(1 << (PCR % 8), 7 + Math.floor(PCR / 8))
  const command = Buffer.alloc(4)
  command.writeUInt32BE(POLICY_PCR)
  return createHash('sha256')
    .update(Buffer.alloc(32))
    .update(command)
    .update(selection)
    .update(createHash('sha256').update(value).digest())
    .digest('hex')
}
