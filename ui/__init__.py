"""The Streamlit pages: article with its follow-up box, and the sources."""
