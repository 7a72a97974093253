import { describe, expect, it } from 'vitest'
import { withoutResource } from './resource.ts'

const read = (text: string): string => Buffer.from(withoutResource(Buffer.from(text))).toString()

const TALOS = `node: 192.0.2.11
metadata:
    namespace: config
    type: MachineConfigs.config.talos.dev
    id: v1alpha1
spec: |
    machine:
        type: worker
    ---
    kind: HostnameConfig
`
const OMNI = `metadata:
    type: RedactedClusterMachineConfigs.omni.sidero.dev
spec:
    data: |-
        machine:

            type: worker
    compresseddata: []
`

describe('withoutResource', () => {
  it('keeps each line of the configuration where it was', () => {
    expect(read(TALOS)).toBe(`${'\n'.repeat(6)}    machine:\n        type: worker\n---\n    kind: HostnameConfig\n`)
  })

  it('ends with the block', () => {
    expect(read(OMNI)).toBe(`${'\n'.repeat(4)}        machine:\n\n            type: worker`)
  })

  it.each([
    'machine:\n  type: worker\n',
    TALOS.replace('MachineConfigs', 'Hostnames'),
    TALOS.replace('spec: |', 'spec:'),
  ])('gives back what is none', (text) => {
    expect(read(text)).toBe(text)
  })
})
