"""The folder of a classifier before anything of it is loaded: finding it and reading it, without torch or transformers.

:mod:`find <adue.models.folder.find>` goes first, then :mod:`read <adue.models.folder.read>`;
:func:`adue.models.open.open_folder` shows the whole way.
"""
