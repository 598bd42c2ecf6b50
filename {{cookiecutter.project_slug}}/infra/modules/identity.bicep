// An identity of CI. It has no secret: it trusts what the host of the repository says of a job.
param name string
param location string
param tags object

@description('{name, issuer, subject}')
param credentials array

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

// One after the other: Azure refuses two writes to one identity at a time.
@batchSize(1)
resource trusted 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [for credential in credentials: {
  parent: identity
  name: credential.name
  properties: {
    issuer: credential.issuer
    subject: credential.subject
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}]

output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
