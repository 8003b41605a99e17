"""The folder of a classifier, from its name to a model: find it, read it, build the model; and write one beside a head.

Read in this order: :mod:`find <adue.models.folder.find>`, :mod:`read <adue.models.folder.read>`,
:mod:`build <adue.models.folder.build>`; :func:`adue.models.open.open_folder` calls each of them once.
"""
