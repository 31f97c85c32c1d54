"""Work Assignment for Dataverse: routes leads and opportunities to the right seller."""
