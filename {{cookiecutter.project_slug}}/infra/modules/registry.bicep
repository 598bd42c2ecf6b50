// The Azure ML registry through which models pass from one workspace to the next.
param name string
param location string
param tags object

@description('Who shares models through it: {name, principalId}')
param users array

var registryUser = '1823dd4f-9b8c-4ab6-ab4e-7397a3684615'

resource registry 'Microsoft.MachineLearningServices/registries@2025-12-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    publicNetworkAccess: 'Enabled'
    regionDetails: [
      {
        location: location
        acrDetails: [
          {
            systemCreatedAcrAccount: {
              acrAccountSku: 'Premium'
            }
          }
        ]
        storageAccountDetails: [
          {
            systemCreatedStorageAccount: {
              allowBlobPublicAccess: false
              storageAccountType: 'Standard_LRS'
            }
          }
        ]
      }
    ]
  }
}

resource shares 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for user in users: {
  scope: registry
  name: guid(registry.id, user.name, registryUser)
  properties: {
    principalId: user.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', registryUser)
  }
}]
