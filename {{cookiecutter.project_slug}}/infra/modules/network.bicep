// Private ways into a place: from this network its services are reached by addresses of its own, from elsewhere not at all.
param location string
param tags object
param workspace string
param storage string
param vault string
param images string

var zones = [
  'privatelink.api.azureml.ms'
  'privatelink.notebooks.azure.net'
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.file.${environment().suffixes.storage}'
  'privatelink.vaultcore.azure.net'
  'privatelink.azurecr.io'
]
var ways = [
  {
    name: 'workspace'
    to: workspace
    group: 'amlworkspace'
    zones: [
      0
      1
    ]
  }
  {
    name: 'blobs'
    to: storage
    group: 'blob'
    zones: [
      2
    ]
  }
  {
    name: 'files'
    to: storage
    group: 'file'
    zones: [
      3
    ]
  }
  {
    name: 'vault'
    to: vault
    group: 'vault'
    zones: [
      4
    ]
  }
  {
    name: 'images'
    to: images
    group: 'registry'
    zones: [
      5
    ]
  }
]

resource guard 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'private'
  location: location
  tags: tags
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'private'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.0.0.0/24'
      ]
    }
    subnets: [
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.0.0.0/26'
          privateEndpointNetworkPolicies: 'Disabled'
          networkSecurityGroup: {
            id: guard.id
          }
        }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateDnsZones@2020-06-01' = [for zone in zones: {
  name: zone
  location: 'global'
  tags: tags
}]

resource known 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [for (zone, i) in zones: {
  parent: names[i]
  name: 'private'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource entrances 'Microsoft.Network/privateEndpoints@2024-05-01' = [for way in ways: {
  name: 'private-${way.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: way.name
        properties: {
          privateLinkServiceId: way.to
          groupIds: [
            way.group
          ]
        }
      }
    ]
  }
}]

resource found 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (way, i) in ways: {
  parent: entrances[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [for zone in way.zones: {
      name: 'zone-${zone}'
      properties: {
        privateDnsZoneId: names[zone].id
      }
    }]
  }
}]
