// Network devices: siderolabs/talos pkg/machinery/config/types/v1alpha1/v1alpha1_validation.go, CheckDevice….
import { isCidr, isIp } from '#harness/machine-config/go/formats.ts'
import type { Fail, Subject } from '../check.ts'
import { isWireguardKey } from '../kinds/links.ts'
import { isHostPort } from '../kinds/runtime.ts'
import type { View } from '../view.ts'
import { checkBond } from './bond.ts'

export function checkDevices({ doc, fail }: Subject, isWorker: boolean): void {
  const devices = doc.get('machine', 'network', 'interfaces').items
  const secondary = new Map<string, string>()
  for (const device of devices) {
    if (isWorker) checkNoVip(device, fail)
    collectSecondary(device, secondary, fail)
  }
  for (const device of devices) {
    if (device.get('ignore').isTrue) continue
    checkIdentity(device, fail)
    checkAddressing(device, secondary, fail)
    checkRoutes(device, fail)
  }
}

function checkNoVip(device: View, fail: Fail): void {
  for (const holder of [device, ...device.get('vlans').items])
    if (holder.get('vip').isSet) fail(holder.get('vip'), 'is for control planes only')
}

/** Links that belong to a bond or bridge. */
function collectSecondary(device: View, secondary: Map<string, string>, fail: Fail): void {
  const [bond, bridge, name] = [device.get('bond'), device.get('bridge'), device.get('interface').text]
  if (bond.isSet && bridge.isSet) fail(bridge, 'cannot be set beside bond')
  if (bond.get('interfaces').size > 0 && bond.get('deviceSelectors').size > 0)
    fail(bond.get('deviceSelectors'), 'cannot be set beside interfaces')
  for (const link of (bridge.isSet ? bridge : bond).get('interfaces').items) {
    const other = secondary.get(link.text)
    if (other !== undefined && other !== name) fail(link, `belongs to ${other} already`, { got: link.text })
    secondary.set(link.text, name)
  }
}

function checkIdentity(device: View, fail: Fail): void {
  const [name, selector] = [device.get('interface'), device.get('deviceSelector')]
  if (!name.isText && !selector.isSet) fail(device, 'names no interface', { expected: 'interface or deviceSelector' })
  else if (name.isText && selector.isSet) fail(name, 'cannot be set beside deviceSelector')
  if (selector.isSet && selector.isZero(['physical'])) fail(selector, 'selects by nothing')
  if (device.get('bond').isSet) checkBond(device.get('bond'), fail)
  if (device.get('wireguard').isSet) checkWireguard(device.get('wireguard'), fail)
  for (const vlan of device.get('vlans').items) {
    const [cidr, addresses] = [vlan.get('cidr'), vlan.get('addresses')]
    if (addresses.size > 0 && cidr.isText) fail(cidr, 'cannot be set beside addresses')
    for (const address of [cidr, ...addresses.items]) if (address !== cidr || cidr.isText) checkAddress(address, fail)
  }
}

function checkAddress(address: View, fail: Fail): void {
  if (address.text.includes('/') ? !isCidr(address.text) : !isIp(address.text))
    fail(address, 'is no IP address', { got: address.text })
}

function checkAddressing(device: View, secondary: ReadonlyMap<string, string>, fail: Fail): void {
  const [name, cidr, addresses, vip] = [
    device.get('interface'),
    device.get('cidr'),
    device.get('addresses'),
    device.get('vip'),
  ]
  if (secondary.has(name.text)) {
    const given = [device.get('dhcp'), cidr, addresses, vip].find((view) =>
      view.key.endsWith('dhcp') ? view.isTrue : view.isText || view.size > 0 || (view === vip && view.isSet),
    )
    if (given !== undefined) fail(given, 'is not for a link that belongs to a bond or bridge')
  }
  if (cidr.isText && addresses.size > 0) fail(cidr, 'cannot be set beside addresses')
  if (cidr.isText) checkAddress(cidr, fail)
  for (const address of addresses.items) checkAddress(address, fail)
  if (vip.isSet && !isIp(vip.get('ip').text))
    fail(vip.get('ip'), 'is no IP address', { got: vip.get('ip').text || 'none' })
}

function checkRoutes(device: View, fail: Fail): void {
  for (const route of device.get('routes').items) {
    const [network, gateway, source] = [route.get('network'), route.get('gateway'), route.get('source')]
    if (network.isText && !isCidr(network.text)) fail(network, 'is no network', { got: network.text })
    for (const address of [gateway, source])
      if (address.isText && !isIp(address.text)) fail(address, 'is no IP address', { got: address.text })
    if (!network.isText && !gateway.isText) fail(route, 'has neither network nor gateway')
  }
}

function checkWireguard(wireguard: View, fail: Fail): void {
  const key = wireguard.get('privateKey')
  if (!isWireguardKey(key.text)) fail(key, 'is no key of WireGuard')
  for (const peer of wireguard.get('peers').items) {
    const [publicKey, endpoint] = [peer.get('publicKey'), peer.get('endpoint')]
    if (!isWireguardKey(publicKey.text)) fail(publicKey, 'is no key of WireGuard')
    if (endpoint.isText && !isHostPort(endpoint.text)) fail(endpoint, 'is no host with a port', { got: endpoint.text })
    for (const network of peer.get('allowedIPs').items)
      if (!isCidr(network.text)) fail(network, 'is no network', { got: network.text })
  }
}
