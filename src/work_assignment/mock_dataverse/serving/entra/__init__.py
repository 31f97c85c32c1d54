"""The part of Microsoft Entra that clients of Dataverse speak to: tokens and discovery."""
