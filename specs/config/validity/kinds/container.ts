// Containers that Talos runs itself, since 1.14: siderolabs/talos pkg/machinery/config/types/container.
import { parseBytes } from '#harness/machine-config/go/formats.ts'
import { oneOf, type Check, type Checks, type Fail } from '../check.ts'
import { isImageReference } from '../image-reference.ts'
import type { View } from '../view.ts'

const MOUNT_OPTIONS = ['ro', 'rw', 'noexec', 'nosuid', 'nodev', 'noatime', 'rbind', 'rshared']
const SOURCES = ['userVolume', 'tmpfs', 'hostPath']

const checkName: Check = ({ doc, fail }) => {
  const name = doc.get('name')
  if (!name.isText) fail(name, 'is required')
  else if (name.text.length > 63 || !/^[a-z0-9-]+$/.test(name.text))
    fail(name, 'is no name of a container', {
      expected: 'up to 63 lower-case letters, digits and hyphens',
      got: name.text,
    })
}

function absolute(view: View, fail: Fail): void {
  if (!view.isText) fail(view, 'is required')
  else if (!view.text.startsWith('/')) fail(view, 'is no absolute path', { got: view.text })
}

/** mounts.go. */
const checkMounts: Check = ({ doc, fail }) => {
  const destinations = new Set<string>()
  for (const mount of doc.get('mounts').items) {
    const [source, ...others] = SOURCES.map((key) => mount.get(key)).filter(({ isSet }) => isSet)
    if (source === undefined || others.length > 0) {
      fail(mount, 'needs exactly one source', { expected: `one of ${SOURCES.join(', ')}` })
      continue
    }
    if (source.key.endsWith('userVolume') && !source.get('name').isText) fail(source.get('name'), 'is required')
    if (source.key.endsWith('hostPath')) absolute(source.get('source'), fail)
    const destination = source.get('destination')
    absolute(destination, fail)
    checkOptions(source.get('options'), fail)
    if (destinations.has(destination.text)) fail(destination, 'is mounted twice', { got: destination.text })
    destinations.add(destination.text)
  }
}

function checkOptions(options: View, fail: Fail): void {
  for (const option of options.items) oneOf(fail, option, MOUNT_OPTIONS)
  if (options.texts.includes('ro') && options.texts.includes('rw')) fail(options, 'hold both ro and rw')
}

/** security.go. */
const checkSecurity: Check = ({ doc, fail }) => {
  oneOf(fail, doc.get('security', 'profile'), ['', 'restricted', 'privileged'])
  const [add, drop] = [doc.get('security', 'capabilities', 'add'), doc.get('security', 'capabilities', 'drop')]
  for (const capability of add.items) {
    if (capability.text === 'ALL') fail(capability, 'is not added so', { expected: 'profile: privileged' })
    else checkCapability(capability, fail)
    if (drop.texts.includes(capability.text)) fail(capability, 'is both added and dropped', { got: capability.text })
  }
  for (const capability of drop.items) if (capability.text !== 'ALL') checkCapability(capability, fail)
}

function checkCapability(view: View, fail: Fail): void {
  if (!/^(?!CAP_)[A-Z_]+$/.test(view.text))
    fail(view, 'is no name of a capability', { expected: 'capitals, without CAP_', got: view.text })
}

/** runtime.go, runas.go. */
const checkRuntime: Check = ({ doc, fail }) => {
  oneOf(fail, doc.get('network', 'mode'), ['', 'none', 'host'])
  const [memory, cpu] = [doc.get('resources', 'limits', 'memory'), doc.get('resources', 'limits', 'cpu')]
  if (memory.isText && parseBytes(memory.text) === undefined) fail(memory, 'is no size', { got: memory.text })
  if (cpu.isText && !/^0*[1-9][0-9]*m$/.test(cpu.text))
    fail(cpu, 'is no share of processors', { expected: 'thousandths, such as 1500m', got: cpu.text })
  for (const key of ['uid', 'gid']) {
    const id = doc.get('runAs', key)
    if (id.number < 0) fail(id, 'is negative', { got: id.text })
  }
  const depends = doc.get('dependsOn')
  for (const path of depends.get('paths').items) absolute(path, fail)
  for (const condition of depends.get('networks').items)
    oneOf(fail, condition, ['addresses', 'connectivity', 'hostname', 'etcfiles'])
  for (const name of depends.get('containers').items) {
    if (!name.isText) fail(name, 'is empty')
    else if (name.text === doc.get('name').text) fail(name, 'is the container itself', { got: name.text })
  }
}

const checkImage: Check = ({ doc, fail }) => {
  const image = doc.get('image')
  if (!image.isText) fail(image, 'is required')
  else if (!isImageReference(image.text)) fail(image, 'is no reference to an image', { got: image.text })
  for (const variable of doc.get('environment').items)
    if (!variable.text.includes('=')) fail(variable, 'is no variable', { expected: 'KEY=value', got: variable.text })
}

export const CONTAINER_CHECKS: Checks = {
  // container_config.go
  ContainerConfig: (subject) => {
    for (const check of [checkName, checkImage, checkMounts, checkSecurity, checkRuntime]) check(subject)
  },
}
