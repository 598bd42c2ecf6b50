// New data in the container `data` starts the pipeline `train`, unless that ran within the cooldown.
param project string
param location string
param tags object
param storageName string

@description('Where the pipeline runs.')
@allowed([
  'github'
  'azure-devops'
])
param host string

@description('The address that a POST starts the pipeline at.')
param start string

@description('The address that counts the runs since a moment, which is put at its end.')
param runs string
param cooldownDays int

var version = '2019-05-01'
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var onGitHub = host == 'github'

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

// GitHub knows no identity of Azure's: what starts the pipeline there is a token that may do this alone. It lies here,
// where a person puts it (infra/README.md) and nobody but the workflow may read it.
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = if (onGitHub) {
  name: 'kv-t${take(replace(toLower(project), '-', ''), 7)}${uniqueString(resourceGroup().id)}'
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    softDeleteRetentionInDays: 7
  }
}

resource workflow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: '${project}-trigger'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    state: 'Enabled'
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      parameters: {
        onGitHub: {
          type: 'Bool'
        }
        start: {
          type: 'String'
        }
        runs: {
          type: 'String'
        }
        cooldownDays: {
          type: 'Int'
        }
        token: {
          type: 'String'
        }
      }
      triggers: {
        events: {
          type: 'Request'
          kind: 'Http'
          inputs: {
            schema: {}
          }
        }
      }
      actions: {
        answer: {
          type: 'Response'
          kind: 'Http'
          runAfter: {}
          inputs: {
            statusCode: 200
            body: {
              validationResponse: '@{first(triggerBody())?[\'data\']?[\'validationCode\']}'
            }
          }
        }
        ofData: {
          type: 'If'
          runAfter: {
            answer: [
              'Succeeded'
            ]
          }
          expression: {
            and: [
              {
                equals: [
                  '@first(triggerBody())?[\'eventType\']'
                  'Microsoft.Storage.BlobCreated'
                ]
              }
            ]
          }
          actions: {
            where: {
              type: 'If'
              runAfter: {}
              expression: {
                and: [
                  {
                    equals: [
                      '@parameters(\'onGitHub\')'
                      true
                    ]
                  }
                ]
              }
              actions: {
                token: {
                  type: 'Http'
                  runAfter: {}
                  inputs: {
                    method: 'GET'
                    uri: '@parameters(\'token\')'
                    authentication: {
                      type: 'ManagedServiceIdentity'
                      audience: 'https://vault.azure.net'
                    }
                  }
                  runtimeConfiguration: {
                    secureData: {
                      properties: [
                        'outputs'
                      ]
                    }
                  }
                }
                githubRuns: {
                  type: 'Http'
                  runAfter: {
                    token: [
                      'Succeeded'
                    ]
                  }
                  inputs: {
                    method: 'GET'
                    uri: '@concat(parameters(\'runs\'), formatDateTime(addDays(utcNow(), mul(-1, parameters(\'cooldownDays\'))), \'yyyy-MM-ddTHH:mm:ssZ\'))'
                    headers: {
                      Accept: 'application/vnd.github+json'
                      'User-Agent': 'trigger'
                      Authorization: 'Bearer @{body(\'token\')?[\'value\']}'
                    }
                  }
                  runtimeConfiguration: {
                    secureData: {
                      properties: [
                        'inputs'
                      ]
                    }
                  }
                }
                githubNone: {
                  type: 'If'
                  runAfter: {
                    githubRuns: [
                      'Succeeded'
                    ]
                  }
                  expression: {
                    and: [
                      {
                        equals: [
                          '@body(\'githubRuns\')?[\'total_count\']'
                          0
                        ]
                      }
                    ]
                  }
                  actions: {
                    githubStart: {
                      type: 'Http'
                      runAfter: {}
                      inputs: {
                        method: 'POST'
                        uri: '@parameters(\'start\')'
                        headers: {
                          Accept: 'application/vnd.github+json'
                          'User-Agent': 'trigger'
                          Authorization: 'Bearer @{body(\'token\')?[\'value\']}'
                        }
                        body: {
                          ref: 'main'
                        }
                        retryPolicy: {
                          type: 'none'
                        }
                      }
                      runtimeConfiguration: {
                        secureData: {
                          properties: [
                            'inputs'
                          ]
                        }
                      }
                    }
                  }
                }
              }
              else: {
                actions: {
                  devopsRuns: {
                    type: 'Http'
                    runAfter: {}
                    inputs: {
                      method: 'GET'
                      uri: '@concat(parameters(\'runs\'), formatDateTime(addDays(utcNow(), mul(-1, parameters(\'cooldownDays\'))), \'yyyy-MM-ddTHH:mm:ssZ\'))'
                      authentication: {
                        type: 'ManagedServiceIdentity'
                        audience: '499b84ac-1321-427f-aa17-267ca6975798'
                      }
                    }
                  }
                  devopsNone: {
                    type: 'If'
                    runAfter: {
                      devopsRuns: [
                        'Succeeded'
                      ]
                    }
                    expression: {
                      and: [
                        {
                          equals: [
                            '@body(\'devopsRuns\')?[\'count\']'
                            0
                          ]
                        }
                      ]
                    }
                    actions: {
                      devopsStart: {
                        type: 'Http'
                        runAfter: {}
                        inputs: {
                          method: 'POST'
                          uri: '@parameters(\'start\')'
                          body: {
                            resources: {
                              repositories: {
                                self: {
                                  refName: 'refs/heads/main'
                                }
                              }
                            }
                          }
                          authentication: {
                            type: 'ManagedServiceIdentity'
                            audience: '499b84ac-1321-427f-aa17-267ca6975798'
                          }
                          retryPolicy: {
                            type: 'none'
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    parameters: {
      onGitHub: {
        value: onGitHub
      }
      start: {
        value: start
      }
      runs: {
        value: runs
      }
      cooldownDays: {
        value: cooldownDays
      }
      token: {
        value: onGitHub ? '${vault.properties.vaultUri}secrets/github-token?api-version=7.4' : ''
      }
    }
  }
}

resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (onGitHub) {
  scope: vault
  name: guid(vault.id, workflow.id, secretsUser)
  properties: {
    principalId: workflow.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

resource events 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: '${project}-data'
  location: location
  tags: tags
  properties: {
    source: storage.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

resource arrivals 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: events
  name: 'new-data'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: listCallbackUrl('${workflow.id}/triggers/events', version).value
        maxEventsPerBatch: 100
        preferredBatchSizeInKilobytes: 64
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.Storage.BlobCreated'
      ]
      subjectBeginsWith: '/blobServices/default/containers/data/'
    }
  }
}

output identity string = workflow.identity.principalId
