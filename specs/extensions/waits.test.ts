import { describe, expect, it } from 'vitest'
import type { ServiceDependency } from '#harness/talos/extension/service-spec.ts'
import { unmetWaits, type WaitingService } from './waits.ts'

const promises = {
  services: ['containerd', 'cri'],
  optionalServices: ['sandboxd'],
  paths: ['/run/machine.sock'],
  variant: { serviceConfigurations: ['vpn'], kernelModules: ['zfs'] },
  contract: { pathsOfModules: { '/dev/zfs': 'zfs', '/dev/drbd': 'drbd' }, pathsOfHardware: ['/dev/port'] },
}
const after = (service: string): ServiceDependency => ({ kind: 'service', service })
const waiting = (name: string, ...waits: readonly ServiceDependency[]): WaitingService => ({ name, waits })
const path = (at: string): ServiceDependency => ({ kind: 'path', path: at })

describe('unmetWaits', () => {
  it('has nothing to say of what every machine, the configuration or a module brings', () => {
    const services = [
      waiting('a', after('cri'), { kind: 'time' }, { kind: 'network', network: ['addresses'] }),
      waiting('vpn', { kind: 'configuration' }),
      waiting('pool', path('/dev/zfs')),
      waiting('agent', path('/run/machine.sock'), path('/dev/port')),
    ]
    expect(unmetWaits(services, promises)).toEqual([])
  })

  it('names each wait that is never over', () => {
    const services = [
      waiting('a', { kind: 'configuration' }, path('/dev/drbd'), path('/etc/a'), after('lvmd'), { kind: 'time' }),
    ]
    expect(unmetWaits(services, promises)).toEqual([
      'a waits for an ExtensionServiceConfig document',
      'a waits for /dev/drbd, which the kernel module drbd makes, and the variant loads no such module',
      'a waits for /etc/a',
      'a waits for service lvmd',
    ])
  })

  it('asks for a decision about what only some machines have', () => {
    expect(unmetWaits([waiting('a', path('/dev/virtio-ports/org.qemu.guest_agent.0'))], promises)).toEqual([
      'a waits for /dev/virtio-ports/org.qemu.guest_agent.0, which not every machine has: name it under pathsOfHardware of the contract if every node of yours does',
    ])
  })

  it('does not count on a service that not every machine runs', () => {
    expect(unmetWaits([waiting('a', after('sandboxd'))], promises)).toEqual([
      'a waits for service sandboxd, which not every machine runs',
    ])
  })

  it('lets services wait for each other in any order', () => {
    const services = [waiting('a', after('ext-b')), waiting('b', after('ext-c')), waiting('c', after('cri'))]
    expect(unmetWaits(services, promises)).toEqual([])
  })

  it('names services that wait for each other, for themselves, and for one that never starts', () => {
    const services = [
      waiting('a', after('ext-b')),
      waiting('b', after('ext-a')),
      waiting('c', after('ext-c')),
      waiting('d', after('ext-e')),
      waiting('e', path('/etc/e')),
      waiting('f', after('cri')),
    ]
    expect(unmetWaits(services, promises)).toEqual([
      'a waits for service ext-b',
      'b waits for service ext-a',
      'c waits for service ext-c',
      'd waits for service ext-e',
      'e waits for /etc/e',
    ])
  })
})
