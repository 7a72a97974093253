import { describe, expect, it } from 'vitest'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { doubtParameters, doubtSettings } from './known-names.ts'

const facts = (text: string) => machineConfigFacts(parseMachineConfig([{ path: 'a', bytes: Buffer.from(text) }]))
const settings = (name: string) => doubtSettings(facts(`machine:\n  sysctls:\n    ${name}: "1"\n`))
const parameters = (module: string, parameter: string) =>
  doubtParameters(facts(`machine:\n  kernel:\n    modules:\n    - {name: ${module}, parameters: [${parameter}]}\n`))

describe('doubtSettings', () => {
  it.each(['net.ipv4.no_such', 'net/ipv4/no_such', 'net.ipv4.ip_local_port_step_width'])('notes %s', (name) => {
    expect(settings(name)).toMatchObject([{ kind: 'note', at: { line: 3 } }])
  })

  it('says what is meant', () => {
    expect(settings('net.ipv4.ip_forwards')[0]?.message).toContain('did you mean net.ipv4.ip_forward?')
  })

  it.each(['net.ipv4.ip_forward', 'net/ipv4/ip_forward', 'net.ipv4.conf.all.rp_filter', 'net.core.no_such', 'vm.a'])(
    'says nothing of %s',
    (name) => {
      expect(settings(name)).toEqual([])
    },
  )
})

describe('doubtParameters', () => {
  it.each([
    ['drbd', 'no_such=1'],
    ['openvswitch', 'a=1'],
  ])('notes %s %s', (module, parameter) => {
    expect(parameters(module, parameter)).toMatchObject([{ kind: 'note', at: { line: 4 } }])
  })

  it.each([
    ['drbd', 'usermode_helper=disabled'],
    ['drbd', 'usermode-helper=disabled'],
    ['drbd', 'allow_oos=1'],
    ['drbd', 'max_parallel_resyncs=4'],
    ['zfs', 'zfs_arc_max=1'],
  ])('says nothing of %s %s', (module, parameter) => {
    expect(parameters(module, parameter)).toEqual([])
  })
})
