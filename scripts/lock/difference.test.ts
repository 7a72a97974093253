import { expect, it } from 'vitest'
import type { Lock } from '#specs/contract/lock.ts'
import { compareLocks } from './difference.ts'

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`
const LOCK: Lock = {
  schema: 2,
  talos: 'v1.11.5',
  ukiSections: ['.osrel', '.linux'],
  catalogue: {
    reference: 'a/extensions:v1',
    digest: digest('a'),
    images: [`a/drbd:9@${digest('1')}`, `a/zfs:2@${digest('2')}`],
  },
  extensions: [
    {
      name: 'drbd',
      reference: 'a/drbd:9',
      digest: digest('1'),
      version: '9',
      firmware: [{ path: 'usr/lib/firmware/a.fw', sha256: 'f'.repeat(64) }],
    },
  ],
}

it('finds no difference where there is none, whatever the order', () => {
  expect(compareLocks(LOCK, { ...LOCK, extensions: LOCK.extensions?.toReversed() ?? [] })).toEqual([])
})

it('names facts by what distinguishes them', () => {
  const [drbd] = LOCK.extensions ?? []
  const now: Lock = {
    ...LOCK,
    ukiSections: ['.osrel', '.initrd'],
    catalogue: { reference: 'a/extensions:v1', digest: digest('b'), images: [`a/zfs:2@${digest('3')}`] },
    extensions: drbd === undefined ? [] : [{ ...drbd, firmware: [] }],
  }
  expect(compareLocks(LOCK, now)).toEqual([
    `catalogue.digest: the lock has ${digest('a')}, upstream has ${digest('b')}`,
    `catalogue.images.a/drbd:9: the lock has ${digest('1')}, upstream has nothing`,
    `catalogue.images.a/zfs:2: the lock has ${digest('2')}, upstream has ${digest('3')}`,
    `extensions.drbd.firmware.usr/lib/firmware/a.fw: the lock has ${'f'.repeat(64)}, upstream has nothing`,
    'ukiSections.1: the lock has .linux, upstream has .initrd',
  ])
})
