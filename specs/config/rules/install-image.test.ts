import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { parseContract } from '../../contract/contract.ts'
import type { ConfigContext } from '../../support/config-rule.ts'
import { judgeInstallImage } from './install-image.ts'

const DIGEST = `sha256:${'1'.repeat(64)}`

describe('judgeInstallImage', async () => {
  const path = new URL('../../contract/contract.yaml', import.meta.url)
  const contract = parseContract(await readFile(path), 'contract.yaml')
  const [variantName, variant] = Object.entries(contract.variants)[0] ?? []

  const messagesFor = (image: string, talos?: string, beside?: ConfigContext['beside']): readonly string[] => {
    if (variantName === undefined || variant === undefined) throw new Error('expected a variant')
    const text = `version: v1alpha1\nmachine:\n  type: worker\n  install:\n    image: ${image}\n`
    const facts = machineConfigFacts(parseMachineConfig([{ path: 'config.yaml', bytes: Buffer.from(text) }]))
    return judgeInstallImage(facts, {
      variantName,
      variant,
      contract,
      ...(talos !== undefined && { talos }),
      ...(beside !== undefined && { beside }),
    }).map(({ message }) => message)
  }

  const NAMES = 'bnx2-bnx2x, intel-ice-firmware, qlogic-firmware, drbd, zfs, spin'
  const LACKS = `which lacks ${NAMES}`
  it.each([
    [
      `ghcr.io/siderolabs/installer:v1.14.0-alpha.0@${DIGEST}`,
      undefined,
      `the install image is of no variant: upstream's, ${LACKS}`,
    ],
    [
      `ghcr.io/siderolabs/installer:v1.14.0-alpha.1@${DIGEST}`,
      undefined,
      'the install image is of no variant, and upstream publishes none of v1.14.0-alpha.1',
    ],
    [
      `ghcr.io/siderolabs/installer@${DIGEST}`,
      'v1.14.2',
      'the install image is of no variant, and upstream publishes none of v1.14.2',
    ],
    [`ghcr.io/siderolabs/installer@${DIGEST}`, 'v1.13.9', `the install image is of no variant: upstream's, ${LACKS}`],
    // It is unknown what upstream does then.
    [
      `ghcr.io/siderolabs/installer:v1.15.0@${DIGEST}`,
      undefined,
      `the install image is of no variant: upstream's, ${LACKS}`,
    ],
    [
      `factory.talos.dev/metal-installer/376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba@${DIGEST}`,
      undefined,
      `the install image is of no variant: Image Factory's without extensions, ${LACKS}`,
    ],
    [
      `factory.talos.dev/installer/${'a'.repeat(64)}@${DIGEST}`,
      undefined,
      `the install image is of no variant: Image Factory's, which lacks what its schematic does not list of ${NAMES} (--schematic FILE says what)`,
    ],
    [
      `factory.example.com/installer/${'a'.repeat(64)}@${DIGEST}`,
      undefined,
      'the install image is of no variant: it is named as those of Image Factory, and factory.example.com is none of upstream.factories of the contract (factory.talos.dev)',
    ],
    [`registry.example.com/siderolabs/installer:v1.14.2@${DIGEST}`, undefined, 'the install image is of no variant'],
  ])('says of %s with the lock of %s: %s', (image, talos, message) => {
    expect(messagesFor(image, talos)).toEqual([message])
  })

  const OTHER = `sha256:${'2'.repeat(64)}`
  it.each([
    [`:v1.11.5@${DIGEST}`, { digest: DIGEST }, false],
    [`:v1.11.5@${DIGEST}`, { digest: OTHER }, true],
    [`:v1.11.5@${DIGEST}`, { digest: OTHER, manifest: DIGEST }, false],
    [`:v1.11.5@${DIGEST}`, { digest: OTHER, manifest: OTHER }, true],
    [`:v1.11.5@${DIGEST}`, {}, false],
    [':v1.11.5-0a1b2c3d', { digest: OTHER, tag: 'v1.11.5-0a1b2c3d' }, false],
    [':v1.11.5-0a1b2c3d', { digest: OTHER, tag: 'v1.11.5-ffffffff' }, true],
    // A moving tag names an unknown image.
    [':v1.11.5-0a1b2c3d', { digest: OTHER, tag: 'v1.11.5' }, false],
  ])('holds spin-only%s against the image that is judged, %j', (name, beside, isOther) => {
    const found = messagesFor(`registry.example.com/talos/spin-only${name}`, undefined, beside)
    expect(found).toEqual(isOther ? ['the install image is another than the one that is judged'] : [])
  })
})
