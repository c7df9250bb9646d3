/** What a PDF does by itself, or holds to be done, is found wherever it stands and however it is written. */
import t from 'tap';
import { judgeIn } from '../support/judged.js';
import { packedPdf, pageWith, pdfOf, CATALOG, ONE_PAGE, PAGE, revised } from '../support/pdf-builder.js';

const SCRIPT = '<< /S /JavaScript /JS (app.alert(1)) >>';
const ACTIVE = 'id-proof-active-content';

t.test('active content is found in a plain file', async (t) => {
  const judge = judgeIn(t);
  const link = (address: string): Buffer =>
    pageWith({
      page: '/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI 4 0 R >> >>]',
      objects: [`(${address})`],
    });
  const files: Readonly<Record<string, Buffer>> = {
    'a script when it is opened': pageWith({ catalog: `/OpenAction ${SCRIPT}` }),
    'a script in an object of its own': pageWith({ catalog: '/OpenAction 4 0 R', objects: [SCRIPT] }),
    'a script whose kind stands elsewhere': pageWith({
      catalog: '/OpenAction 4 0 R',
      objects: ['<< /S 5 0 R /J#53 (app.alert(1)) >>', '/JavaScript'],
    }),
    'a named script': pageWith({ catalog: '/Names << /JavaScript << /Names [(a) 4 0 R] >> >>', objects: [SCRIPT] }),
    'a script before printing': pageWith({ catalog: `/AA << /WP ${SCRIPT} >>` }),
    'a script of a page': pageWith({ page: `/AA << /O ${SCRIPT} >>` }),
    'a script of a field': pageWith({
      catalog: '/AcroForm << /Fields [4 0 R] >>',
      objects: ['<< /FT /Tx /T (a) /AA << /K 5 0 R >> >>', SCRIPT],
    }),
    'a script of an annotation': pageWith({
      page: '/Annots [4 0 R]',
      objects: [`<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A ${SCRIPT} >>`],
    }),
    'a script of an outline': pageWith({
      catalog: '/Outlines 4 0 R',
      objects: ['<< /First 5 0 R /Last 5 0 R /Count 1 >>', `<< /Title (a) /Parent 4 0 R /A ${SCRIPT} >>`],
    }),
    'a script behind harmless actions': pageWith({
      catalog: '/OpenAction 4 0 R',
      objects: ['<< /S /GoTo /D [3 0 R /Fit] /Next [5 0 R] >>', `<< /S /GoTo /D [3 0 R /Fit] /Next ${SCRIPT} >>`],
    }),
    'a program': pageWith({ catalog: '/OpenAction << /S /Launch /F (cmd.exe) >>' }),
    'another file to go to': pageWith({ catalog: '/OpenAction << /S /GoToR /F (//host/share.pdf) /D [0 /Fit] >>' }),
    'an embedded file to go to': pageWith({ catalog: '/OpenAction << /S /GoToE /T << /R /C /N (a) >> >>' }),
    'an embedded file': pageWith({
      catalog: '/Names << /EmbeddedFiles << /Names [(a.exe) 4 0 R] >> >>',
      objects: [
        '<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>',
        { dictionary: '/Type /EmbeddedFile', content: Buffer.from('MZ') },
      ],
    }),
    'an associated file': pageWith({
      catalog: '/AF [4 0 R]',
      objects: ['<< /F (a) /EF << /F 5 0 R >> >>', { dictionary: '', content: Buffer.from('x') }],
    }),
    'an attached file': pageWith({
      page: '/Annots [<< /Subtype /FileAttachment /Rect [0 0 9 9] /FS (a) >>]',
    }),
    'a form that submits': pageWith({
      page: '/Annots [<< /Subtype /Widget /Rect [0 0 9 9] /A << /S /SubmitForm /F (https://a.test) >> >>]',
    }),
    'a form that imports': pageWith({ catalog: '/AA << /WC << /S /ImportData /F (a.fdf) >> >>' }),
    'an XFA form': pageWith({ catalog: '/AcroForm << /Fields [] /XFA (a) >>' }),
    'rich media': pageWith({ page: '/Annots [<< /Subtype /RichMedia /Rect [0 0 9 9] >>]' }),
    'a film': pageWith({ page: '/Annots [<< /Subtype /Movie /Rect [0 0 9 9] /Movie << /F (a.avi) >> >>]' }),
    'a screen': pageWith({ page: '/Annots [<< /Subtype /Screen /Rect [0 0 9 9] >>]' }),
    'a sound': pageWith({ catalog: '/OpenAction << /S /Sound >>' }),
    'a 3D model': pageWith({ page: '/Annots [<< /Subtype /3D /Rect [0 0 9 9] >>]' }),
    'a page of the web that opens by itself': pageWith({ catalog: '/OpenAction << /S /URI /URI (https://a.test) >>' }),
    'a page of the web when a page is shown': pageWith({ page: '/AA << /O << /S /URI /URI (https://a.test) >> >>' }),
    'a link that is a script': link('javascript:app.alert(1)'),
    'a link that is a script in disguise': link('\\\n Java\\163cript\\t:app.alert(1)'),
    'a link to a file of the reader': link('file:///etc/passwd'),
    'a stream that is fetched from elsewhere': pageWith({
      objects: [{ dictionary: '/F (//host/share)', content: Buffer.from('') }],
    }),
  };
  for (const [what, file] of Object.entries(files)) t.equal(await judge.verdict(file), ACTIVE, what);
});

t.test('content that only looks active is accepted', async (t) => {
  const judge = judgeIn(t);
  const link = (action: string, objects: readonly string[] = []): Buffer =>
    pageWith({ page: `/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] ${action} >>]`, objects });
  const files: Readonly<Record<string, Buffer>> = {
    'a plain page': pageWith(),
    'a destination when it is opened': pageWith({ catalog: '/OpenAction [3 0 R /Fit]' }),
    'a page to go to when it is opened': pageWith({ catalog: '/OpenAction << /S /GoTo /D [3 0 R /Fit] >>' }),
    'a named page to go to': pageWith({ catalog: '/OpenAction 4 0 R', objects: ['<< /S /GoTo /D (a) >>'] }),
    'a link to a page': link('/A << /S /GoTo /D [3 0 R /Fit] >>'),
    'a link to the web': link('/A << /S /URI /URI (https://a.test/javascript:) >>'),
    'a link to an address': link('/A << /S /URI /URI 4 0 R >>', ['(mailto:a@b.test)']),
    'a link to the next page': link('/A << /S /Named /N /NextPage >>'),
    'a form that is only filled in': pageWith({
      catalog: '/AcroForm << /Fields [4 0 R] >>',
      objects: ['<< /FT /Tx /T (name) /V (/JavaScript) >>'],
    }),
    'a blend mode': pageWith({ page: '/Resources << /ExtGState << /GS0 << /BM /Screen >> >> >>' }),
    'words in a title': pageWith({ objects: ['<< /Title (/S /JavaScript /Launch) /Author <2F4C61756E6368> >>'] }),
    'words in a comment': pageWith({ objects: ['<< /Title (a) % /S /JavaScript\n >>'] }),
    'words of a page': pageWith({ objects: [{ dictionary: '', content: Buffer.from('(/JavaScript) Tj') }] }),
    'empty triggers': pageWith({ page: '/AA << >>' }),
    'objects in a stream': packedPdf(['<< /Title (a) >>', '[1 2 3]']),
  };
  for (const [what, file] of Object.entries(files)) t.equal(await judge.verdict(file), 'accepted', what);
});

t.test('names are read as a reader reads them, in streams of objects too', async (t) => {
  const judge = judgeIn(t);
  const escaped = '<< /#53 /#4Aava#53cript /#4a#53 (app.alert(1)) >>';
  const files: Readonly<Record<string, Buffer>> = {
    'escaped names': pageWith({ catalog: `/Open#41ction ${escaped}` }),
    'a packed script': packedPdf([SCRIPT], '/OpenAction 10 0 R'),
    'a packed script with escaped names': packedPdf([escaped], '/OpenAction 10 0 R'),
    'a stream that does not say what it is': packedPdf([SCRIPT], '', '/Filter /FlateDecode'),
    'a stream in hexadecimal': packedPdf([SCRIPT], '', '/Type /ObjStm /Filter /ASCIIHexDecode', (content) =>
      Buffer.from(`${content.toString('hex')}>`),
    ),
    'a stream with an abbreviated filter': packedPdf([SCRIPT], '', '/Type /ObjStm /Filter /Fl'),
    'a stream with an escaped filter': packedPdf([SCRIPT], '', '/#54ype /ObjStm /Filter [/#46lateDecode]'),
    'a key that is there twice': pageWith({ catalog: '/OpenAction << /S /Launch /F (a) /S /GoTo >>' }),
    'a comment within': pageWith({ catalog: '/OpenAction<</S%\n/JavaScript/JS(a)>>' }),
    'an object without its blanks': pageWith({ objects: ['<</S/JavaScript/JS(a)>>'] }),
    'a dictionary that patient readers mend': pageWith({ catalog: '/OpenAction << ) /S /JavaScript /JS (a) >>' }),
  };
  for (const [what, file] of Object.entries(files)) t.equal(await judge.verdict(file), ACTIVE, what);
});

t.test('an object counts in whatever revision it stands, and where no table names it', async (t) => {
  const judge = judgeIn(t);
  const once = pageWith({ catalog: '/OpenAction 4 0 R', objects: [SCRIPT] });
  t.equal(await judge.verdict(revised(pageWith(), 4, SCRIPT)), ACTIVE, 'in a newer revision');
  t.equal(await judge.verdict(revised(once, 4, '<< /S /GoTo /D [3 0 R /Fit] >>')), ACTIVE, 'in an older one');
  const hidden = { dictionary: '', content: Buffer.from(`\n5 0 obj\n${SCRIPT}\nendobj\n`) };
  t.equal(await judge.verdict(pageWith({ objects: [hidden] })), ACTIVE, 'in the content of a stream');
  t.equal(await judge.verdict(pdfOf([CATALOG, ONE_PAGE, PAGE], `/A ${SCRIPT}`)), ACTIVE, 'in the trailer');
  const odd = Buffer.from(
    pageWith({ objects: [SCRIPT] })
      .toString('latin1')
      .replace('4 0 obj', '4 0%\nobj'),
    'latin1',
  );
  t.equal(await judge.verdict(odd), ACTIVE, 'behind a comment in its head');
});
