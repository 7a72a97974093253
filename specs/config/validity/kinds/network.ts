// Addresses, names, routing and time: siderolabs/talos pkg/machinery/config/types/network.
import { isAddress, isIp, isPrefix } from '#harness/machine-config/go/formats.ts'
import { all, named, type Check, type Checks } from '../check.ts'
import { checkSubnets } from './kubernetes.ts'

/** Rules of Linux and KubeSpan: pkg/machinery/constants. */
const RESERVED_PRIORITIES = [0, 32500, 32766, 32767]
export const KUBESPAN_MTU = 1280

const dhcp: Check = ({ doc, fail }) => {
  const [raw, identifier] = [doc.get('duidRaw'), doc.get('clientIdentifier')]
  if (raw.isText && identifier.word !== 'duid') fail(raw, 'is for the client identifier duid only')
  if (identifier.word === 'duid' && !raw.isText) fail(raw, 'is required for the client identifier duid')
}

const address: Check = ({ doc, fail }) => {
  const name = doc.get('name')
  if (!isAddress(name.text)) fail(name, name.isText ? 'is no IP address' : 'is required', { got: name.text })
}

const link: Check = ({ doc, fail }) => {
  if (!doc.get('link').isText) fail(doc.get('link'), 'is required')
}

const probe: Check = ({ doc, fail }) => {
  for (const key of ['interval', 'timeout'])
    if (doc.get(key).duration < 0) fail(doc.get(key), 'is negative', { got: doc.get(key).text })
  if (doc.get('failureThreshold').number < 0)
    fail(doc.get('failureThreshold'), 'is negative', { got: doc.get('failureThreshold').text })
}

const checkHostname: Check = ({ doc, minor, fail }) => {
  const [auto, hostname] = [doc.get('auto'), doc.get('hostname')]
  const isOff = auto.word === 'off' || !auto.isSet
  if (!hostname.isText && (minor >= 13 ? !auto.isSet : isOff)) fail(hostname, 'is required, or auto')
  if (hostname.isText && !isOff)
    fail(
      hostname.at.path === auto.at.path ? auto : hostname,
      'is given beside hostname or auto: only one of them can',
      {
        expected: 'auto: off',
        got: auto.text,
      },
    )
  if (auto.word === 'talos-addr')
    fail(auto, 'has another value than it can have', { expected: 'off, stable', got: auto.text })
  const [first = ''] = hostname.text.split('.')
  if (hostname.isText && (Buffer.byteLength(hostname.text) > 253 || first === '' || Buffer.byteLength(first) > 63))
    fail(hostname, 'is no hostname', {
      expected: 'up to 63 characters before the first dot, 253 in all',
      got: hostname.text,
    })
}

const checkResolver: Check = ({ doc, minor, fail }) => {
  if (minor < 14) return
  const hostDns = doc.get('hostDNS')
  if (hostDns.isSet && !hostDns.get('enabled').isTrue)
    for (const key of ['forwardKubeDNSToHost', 'resolveMemberNames'])
      if (hostDns.get(key).isTrue) fail(hostDns.get(key), 'needs hostDNS.enabled')
  for (const server of doc.get('nameservers').items) {
    const [protocol, name] = [server.get('protocol'), server.get('tlsServerName')]
    const isPlain = protocol.word === '' || protocol.word === 'do53'
    if (isPlain && name.isText) fail(name, 'is for DoT and DoH only', { got: name.text })
    if (!isPlain && !name.isText) fail(name, `is required for ${protocol.text}`)
    if (!server.get('address').isText) fail(server.get('address'), 'is required')
  }
}

const checkRoutingRule: Check = ({ doc, fail }) => {
  const [name, table, action] = [doc.get('name'), doc.get('table'), doc.get('action')]
  const priority = Number(name.text)
  if (!/^[0-9]+$/.test(name.text) || priority >= 2 ** 32)
    fail(name, 'is no priority', { expected: 'a whole number', got: name.text })
  else if (RESERVED_PRIORITIES.includes(priority))
    fail(name, 'is a priority that is taken', { expected: `none of ${RESERVED_PRIORITIES.join(', ')}`, got: name.text })
  if (['', 'unspec'].includes(table.word) && ['', 'unspec', 'unicast'].includes(action.word))
    fail(table, 'is required, or an action other than unicast')
  if (doc.get('fwMask').number !== 0 && doc.get('fwMark').number === 0) fail(doc.get('fwMask'), 'needs fwMark')
}

/** port_range.go. */
const checkRule: Check = ({ doc, fail }) => {
  const ports = doc.get('portSelector', 'ports')
  if (ports.size === 0) fail(ports, 'are required')
  const ranges = ports.items
    .map((view) => {
      const [low = '', high = low] = view.text.split('-')
      return { view, low: Number(low), high: Number(high) }
    })
    .toSorted((a, b) => a.low - b.low)
  ranges.forEach(({ view, low, high }, at) => {
    if (low > high) fail(view, 'ends before it begins', { got: view.text })
    const before = ranges[at - 1]
    if (before !== undefined && low <= before.high) fail(view, `overlaps ${before.view.text}`, { got: view.text })
  })
  for (const rule of doc.get('ingress').items) if (!rule.get('subnet').isText) fail(rule.get('subnet'), 'is required')
}

export const NETWORK_CHECKS: Checks = {
  // blackhole_route.go
  BlackholeRouteConfig: ({ doc, fail }) => {
    const name = doc.get('name')
    if (!isPrefix(name.text)) fail(name, name.isText ? 'is no prefix of addresses' : 'is required', { got: name.text })
  },
  // dhcp4.go, dhcp6.go
  DHCPv4Config: all(named, dhcp),
  DHCPv6Config: all(named, dhcp),
  // ethernet.go
  EthernetConfig: named,
  // hcloud_vip.go
  HCloudVIPConfig: all(address, link, ({ doc, fail }) => {
    if (!doc.get('apiToken').isText) fail(doc.get('apiToken'), 'is required')
  }),
  // hostname.go
  HostnameConfig: checkHostname,
  // http_probe.go
  HTTPProbeConfig: all(named, probe, ({ doc, fail }) => {
    const view = doc.get('url')
    const { url } = view
    if (!view.isText) fail(view, 'is required')
    else if (!['http', 'https'].includes(url?.scheme ?? '') || url?.hostname === '')
      fail(view, 'is no URL to ask', { expected: 'http:// or https:// and a host', got: view.text })
  }),
  // kubespan.go
  KubeSpanConfig: ({ doc, fail }) => {
    const mtu = doc.get('mtu')
    if (mtu.isSet && mtu.number < KUBESPAN_MTU)
      fail(mtu, 'is too small', { expected: `at least ${KUBESPAN_MTU}`, got: mtu.text })
    checkSubnets(doc.get('filters', 'endpoints'), fail)
  },
  // layer2_vip.go
  Layer2VIPConfig: all(address, link),
  // resolver.go
  ResolverConfig: checkResolver,
  // routing_rule.go
  RoutingRuleConfig: checkRoutingRule,
  // rule_config.go
  NetworkRuleConfig: all(named, checkRule),
  // static_host.go
  StaticHostConfig: all(address, ({ doc, fail }) => {
    if (doc.get('hostnames').size === 0) fail(doc.get('hostnames'), 'are required')
  }),
  // tcp_probe.go
  TCPProbeConfig: all(named, probe, ({ doc, fail }) => {
    if (!doc.get('endpoint').isText) fail(doc.get('endpoint'), 'is required')
  }),
  // time_sync.go
  TimeSyncConfig: ({ doc, minor, fail }) => {
    const [ntp, ptp, timeout] = [doc.get('ntp'), doc.get('ptp'), doc.get('bootTimeout')]
    if (timeout.duration < 0) fail(timeout, 'is negative', { got: timeout.text })
    if (ntp.isSet && ptp.isSet) fail(ptp, 'cannot be set beside ntp')
    if (minor >= 14 && ntp.get('useNTS').isTrue)
      for (const server of ntp.get('servers').items)
        if (isIp(server.text)) fail(server, 'is an address, and NTS needs a name', { got: server.text })
  },
}
