interface Book {
  title: string;
  pages: number;
}

const book: Book = { title: "Emma" };
console.log(book.title, book.pages);
