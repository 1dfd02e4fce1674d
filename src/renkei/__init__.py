"""Renkei joins chat, telephone and CRM: a contact-centre platform you host yourself."""

__version__ = "0.1.0"
